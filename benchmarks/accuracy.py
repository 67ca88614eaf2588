"""Error of one gradient against the extended-precision reference."""

from typing import Any

from benchmarks import _suite
from benchmarks._cell import Check


class _Accuracy(_suite.OnGrid):
    check = Check.MEASURE  # the error of a wrong gradient is measured too
    version = "2"  # the largest error at several weights

    def track_error(self, *_: Any) -> float:
        return self.cell.error


globals().update(_suite.per_problem(_Accuracy))
