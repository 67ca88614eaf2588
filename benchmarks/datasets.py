"""Time, error and workspace of one gradient on real data sets."""

from typing import Any

from benchmarks import _suite
from impls import _measure


class _Datasets(_suite.OnDatasets, _suite.Timed):
    def time_gradient(self, *_: Any) -> None:
        self.run_sample()

    def track_error(self, *_: Any) -> float:
        return self.cell.error

    track_error.unit = "of the sum of absolute terms"  # type: ignore[attr-defined]

    def track_workspace(self, *_: Any) -> int:
        return _measure.workspace_bytes(self.cell.gradient)

    track_workspace.unit = "bytes"  # type: ignore[attr-defined]


globals().update(_suite.per_problem(_Datasets))
