"""One gradient on drawn data: time, time over the baseline's, error, memory, preparation."""

from typing import Any

from benchmarks import _plan, _suite


class _Gradient(_suite.Template):
    param_names = ("implementation", "n_samples", "n_features")
    metrics = ("time", "time_over_baseline", "error", "workspace", "peak", "prepare")

    @staticmethod
    def list_params(problem: str) -> list[list[Any]]:
        return [_plan.implementations(problem), *_plan.listed_sizes()]

    def key(self, metric: str, *params: Any) -> tuple[str, ...]:
        implementation, n_samples, n_features = params
        return self.problem, f"{n_samples} x {n_features}", implementation, metric


globals().update(_suite.per_problem(_Gradient))
