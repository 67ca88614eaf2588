"""Time of `prepare`, which no gradient's time includes: checks, casts, a change of layout."""

import impls
from benchmarks import _suite
from benchmarks._cell import Check
from impls import _measure


class _Prepare(_suite.OnGrid):
    check = Check.NONE  # no gradient is called

    def track_prepare(self, _: str, n_samples: int, n_features: int) -> float:
        prepare = self.cell.implementation.prepare
        _weights, X, y = impls.make(self.problem, n_samples, n_features)
        return min(_measure.seconds_per_call(lambda: prepare(X, y), 1) for _ in range(3))


globals().update(_suite.per_problem(_Prepare))
