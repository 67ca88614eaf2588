"""One gradient on real data: time, time over the baseline's, error, memory, preparation."""

from typing import Any

from benchmarks import _plan, _suite
from benchmarks.gradient import _Gradient


class _Datasets(_suite.Template):
    param_names = ("implementation", "dataset")
    metrics = _Gradient.metrics
    data_title = " on real data"

    @staticmethod
    def list_params(problem: str) -> list[list[Any]]:
        return [_plan.implementations(problem), _plan.datasets(problem)]

    def key(self, metric: str, *params: Any) -> tuple[str, ...]:
        implementation, dataset = params
        return self.problem, dataset, implementation, metric


globals().update(_suite.per_problem(_Datasets))
