"""Seconds of training on real data until the loss is within 1 % of the optimum.

Where the classes can be told apart by a plane, the optimum is 0 and nothing comes within 1 % of it:
there, until the loss is 1 % of that of zero weights.
"""

from typing import Any

from benchmarks import _suite, _training
from benchmarks._cell import Cell


class _TimeToLoss(_suite.OnDatasetsWithSolver):
    seconds: float

    def setup_cache(self) -> dict[str, Any]:
        batches = super().setup_cache()
        try:
            _training.refuse_untrainable(self.problem)
        except NotImplementedError as reason:
            return dict.fromkeys(batches, str(reason))
        return {name: self.with_target(batch) for name, batch in batches.items()}

    def with_target(self, batch: Any) -> Any:
        """The data and the loss to reach, or the reason why there are no data."""
        return batch if isinstance(batch, str) else (batch, _training.target(self.problem, batch))

    def open(self, *params: Any) -> Cell:
        targets, implementation, solver, dataset = params
        cached = targets.get(dataset, "not in this commit")
        batch, target = cached if isinstance(cached, tuple) else (cached, 0.0)
        cell = super().open({dataset: batch}, implementation, solver, dataset)
        self.seconds = _training.seconds_to(target, self.problem, implementation, solver, batch)
        return cell

    def track_time_to_loss(self, *_: Any) -> float:
        return self.seconds

    track_time_to_loss.unit = "seconds"  # type: ignore[attr-defined]


globals().update(_suite.per_problem(_TimeToLoss))
