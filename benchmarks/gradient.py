"""Time of one gradient, and of the preparation that is not part of it."""

from typing import Any

import impls
from benchmarks import _measure, _suite


class _Gradient(_suite.OnGrid, _suite.Timed):
    def track_prepare(self, _: str, n_samples: int, n_features: int) -> float:
        _, X, y = impls.make(self.problem, n_samples, n_features)
        return min(_measure.seconds_per_call(lambda: self._prepare(X, y), 1) for _ in range(3))

    track_prepare.unit = "seconds"  # type: ignore[attr-defined]

    def _prepare(self, X: Any, y: Any) -> Any:
        return self.cell.implementation.prepare(X, y)


globals().update(_suite.per_problem(_Gradient))
