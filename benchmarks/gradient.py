"""Time of one gradient on drawn data."""

from typing import Any

from benchmarks import _suite


class _Gradient(_suite.OnGrid, _suite.Timed):
    def time_gradient(self, *_: Any) -> None:
        self.run_sample()


globals().update(_suite.per_problem(_Gradient))
