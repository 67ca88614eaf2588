"""Last loss and number of updates of a training on real data."""

from typing import Any

import impls
from benchmarks import _suite, _suite_training, _training


class _Training(_suite_training.OnDatasetsWithSolver):
    def track_final_loss(self, *params: Any) -> float:
        return self.train(*params).loss[-1]

    def track_updates(self, *params: Any) -> int:
        return self.train(*params).n_updates

    def train(self, batches: Any, implementation: str, solver: str, dataset: str) -> impls.Solution:
        return _training.train(self.problem, implementation, solver, batches[self.problem][dataset])


globals().update(_suite.per_problem(_Training))
