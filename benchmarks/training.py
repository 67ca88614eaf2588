"""Trainings on real data: time to a loss, last loss, accuracy, updates."""

from typing import Any

from benchmarks import _plan, _suite


class _Training(_suite.Template):
    param_names = ("implementation", "solver", "dataset")
    metrics = ("time_to_loss", "final_loss", "test_accuracy", "updates")
    data_title = " on real data"

    @staticmethod
    def list_params(problem: str) -> list[list[Any]]:
        return [_plan.implementations(problem), _plan.solvers(), _plan.datasets(problem)]

    def key(self, metric: str, *params: Any) -> tuple[str, ...]:
        implementation, solver, dataset = params
        return self.problem, dataset, implementation, f"{metric}/{solver}"


globals().update(_suite.per_problem(_Training))
