"""Time and error of one gradient on real data sets."""

from typing import Any

from benchmarks import _suite


class _Datasets(_suite.OnDatasets, _suite.Timed):
    def time_gradient(self, *_: Any) -> None:
        self.run_sample()

    def track_error(self, *_: Any) -> float:
        return self.cell.error


globals().update(_suite.per_problem(_Datasets))
