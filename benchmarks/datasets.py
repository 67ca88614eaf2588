"""The same measurements on real data sets."""

from typing import Any

import impls
from benchmarks import _measure, _suite


class _Datasets(_suite.OnDatasets, _suite.Timed):
    def track_workspace(self, *_: Any) -> int:
        return _measure.workspace_bytes(self.cell.gradient)

    track_workspace.unit = "bytes"  # type: ignore[attr-defined]

    def track_error(self, batches: dict[str, Any], _: str, dataset: str) -> float:
        return impls.relative_error(self.problem, self.cell.gradient(), *batches[dataset])

    track_error.unit = "of the sum of absolute terms"  # type: ignore[attr-defined]


globals().update(_suite.per_problem(_Datasets))
