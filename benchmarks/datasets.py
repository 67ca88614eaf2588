"""One gradient on real data, and on drawn data whose X is in a file.

Time, time over the baseline's, error, memory, preparation.
"""

from typing import Any

from benchmarks import _plan, _suite
from benchmarks.gradient import _Gradient


class _Datasets(_suite.Template):
    param_names = ("implementation", "dataset")
    metrics = _Gradient.metrics
    data_title = " on data sets"

    @staticmethod
    def list_params(problem: str) -> list[list[Any]]:
        data = [*_plan.datasets(problem), *_plan.listed_files(problem)]
        return [_plan.implementations(problem), data]

    def key(self, metric: str, *params: Any) -> tuple[str, ...]:
        implementation, dataset = params
        return self.problem, dataset, implementation, metric


globals().update(_suite.per_problem(_Datasets))
