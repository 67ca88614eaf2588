"""Time, error and workspace of one gradient on real data sets."""

from typing import Any

from benchmarks import _suite
from impls import _measure


class _Datasets(_suite.OnDatasets, _suite.Timed):
    def time_gradient(self, *_: Any) -> None:
        self.run_sample()

    def track_error(self, *_: Any) -> float:
        return self.cell.error

    def track_workspace(self, *_: Any) -> int:
        return _measure.workspace_bytes(self.cell.gradient)


globals().update(_suite.per_problem(_Datasets))
