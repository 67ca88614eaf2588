"""Seconds of training on real data until the loss is within 1 % of the optimum.

If a plane separates the classes, the optimum is 0 and nothing comes within 1 % of it. There the
target is 1 % of the loss at zero weights.
"""

from typing import Any

from benchmarks import _suite, _suite_training, _training
from benchmarks._cell import Cell
from benchmarks._journal import Skipped


class _TimeToLoss(_suite_training.OnDatasetsWithSolver):
    seconds: float

    def setup_cache(self) -> dict[str, dict[str, Any]]:
        cached = super().setup_cache()
        return {problem: _add_targets(problem, batches) for problem, batches in cached.items()}

    def open(self, *params: Any) -> Cell:
        targets, implementation, solver, dataset = params
        cached = targets.get(self.problem, {}).get(dataset, "not in this commit")
        batch, target = cached if isinstance(cached, tuple) else (cached, 0.0)
        cell = super().open({self.problem: {dataset: batch}}, implementation, solver, dataset)
        self.seconds = _training.seconds_to(target, self.problem, implementation, solver, batch)
        return cell

    def track_time_to_loss(self, *_: Any) -> float:
        return self.seconds


def _add_targets(problem: str, batches: dict[str, Any]) -> dict[str, Any]:
    """Add the loss to reach to each data set; a reason for a missing one stays as it is."""
    try:
        _training.refuse_untrainable(problem)
    except Skipped as reason:
        return dict.fromkeys(batches, str(reason))
    return {
        name: batch if isinstance(batch, str) else (batch, _training.target(problem, batch))
        for name, batch in batches.items()
    }


globals().update(_suite.per_problem(_TimeToLoss))
