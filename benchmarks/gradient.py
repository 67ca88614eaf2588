"""Time of one gradient on drawn data."""

from benchmarks import _suite


class _Gradient(_suite.OnGrid, _suite.Timed):
    pass


globals().update(_suite.per_problem(_Gradient))
