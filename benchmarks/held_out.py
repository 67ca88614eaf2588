"""Share of the held-out samples of real data that a training predicts right."""

from typing import Any

from benchmarks import _suite, _suite_training, _training
from benchmarks._cell import Cell
from benchmarks._journal import Skipped
from impls import _table


class _HeldOut(_suite_training.OnDatasetsWithSolver):
    def open(self, *params: Any) -> Cell:
        if not hasattr(_table.problem_module(self.problem), "predict"):
            raise Skipped(f"{self.problem} predicts no classes")
        return super().open(*params)

    def track_test_accuracy(
        self, batches: Any, implementation: str, solver: str, dataset: str
    ) -> float:
        batch = batches[self.problem][dataset]
        solution = _training.train(self.problem, implementation, solver, batch)
        return _training.accuracy(self.problem, solution.weights, batch)


globals().update(_suite.per_problem(_HeldOut))
