"""One epoch of training on drawn data: time, and the share that gradients take."""

from typing import Any

from benchmarks import _plan, _suite
from benchmarks.gradient import _Gradient


class _Epoch(_suite.Template):
    param_names = ("implementation", "solver", "n_samples", "n_features")
    metrics = ("epoch", "kernel_share")

    @staticmethod
    def list_params(problem: str) -> list[list[Any]]:
        implementations, *sizes = _Gradient.list_params(problem)
        return [implementations, _plan.solvers(), *sizes]

    def key(self, metric: str, *params: Any) -> tuple[str, ...]:
        implementation, solver, n_samples, n_features = params
        return self.problem, f"{n_samples} x {n_features}", implementation, f"{metric}/{solver}"


globals().update(_suite.per_problem(_Epoch))
