"""The read roof, which is the bandwidth of a pure threaded read of X, and the fraction reached.

Roof and gradient are measured in turns in the same process. The bytes are the compulsory traffic:
an implementation that reads X twice from memory reaches at most one half.
"""

from typing import Any

from benchmarks import _suite
from benchmarks._cell import count_threads
from impls import _measure, _table


class _Bandwidth(_suite.OnGrid):
    def track_read_roof(self, *_: Any) -> float:
        return float(self.cell.X.nbytes / min(_measure.median_seconds(self._reads())) / 1e9)

    def track_roof_fraction(self, _: str, n_samples: int, n_features: int) -> float:
        gradient, *reads = _measure.median_seconds([self.cell.gradient, *self._reads()])
        options = self.cell.implementation.options
        problem = _table.problem_module(self.problem)
        n_bytes = problem.compulsory_bytes(n_samples, n_features, options.get("BYTES_PER_VALUE", 8))
        return float(n_bytes / gradient / (self.cell.X.nbytes / min(reads)))

    def _reads(self) -> list[_measure.Call]:
        return _measure.reads_of(self.cell.X, count_threads())


globals().update(_suite.per_problem(_Bandwidth))
