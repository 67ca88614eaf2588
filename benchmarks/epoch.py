"""Time of one epoch of training on drawn data."""

from typing import Any

from benchmarks import _suite, _suite_training
from impls import _measure


class _Epoch(_suite_training.OnGridWithSolver, _suite.Timed):
    @property
    def call(self) -> _measure.Call:
        return self.epochs.run

    def time_epoch(self, *_: Any) -> None:
        self.run_sample()


globals().update(_suite.per_problem(_Epoch))
