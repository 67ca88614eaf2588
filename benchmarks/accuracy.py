"""Error of one gradient against the extended-precision reference."""

import impls
from benchmarks import _suite


class _Accuracy(_suite.OnGrid):
    verify = False  # a wrong gradient has an error like any other

    def track_error(self, _: str, n_samples: int, n_features: int) -> float:
        gradient = self.cell.gradient()
        batch = impls.make(self.problem, n_samples, n_features)
        return impls.relative_error(self.problem, gradient, *batch)

    track_error.unit = "of the sum of absolute terms"  # type: ignore[attr-defined]


globals().update(_suite.per_problem(_Accuracy))
