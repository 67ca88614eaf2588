"""Trainings of the suite: a stable step, a start at zero, every fifth sample held out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import impls
from benchmarks import _grid
from benchmarks._journal import Skipped
from impls import _measure, _optimum, _solve, _table

MOST_EPOCHS = _grid.MOST_EPOCHS
N_EPOCHS = min(20, MOST_EPOCHS)
_HELD_OUT = 5  # every fifth sample


@dataclass(frozen=True)
class Epochs:
    """A training that continues by one epoch at a time."""

    training: _solve.Training
    weights: Any

    def run(self) -> None:
        """Run one epoch, from where the last one ended."""
        self.training.run_epoch(self.weights)

    def kernel_share(self) -> float:
        """Seconds of an epoch's gradients over the seconds of the epoch.

        One batch's gradient is timed and multiplied by the updates of an epoch.
        """
        X, y = next(self.training.draw_batches())
        gradient = partial(self.training.kernel, self.weights, X, y)
        # Only 3 rounds, because an epoch of sgd takes up to a second.
        epoch, kernel = _measure.median_seconds([self.run, gradient], n_rounds=3)
        return kernel * self.training.updates_per_epoch / epoch


def refuse_untrainable(problem: str) -> None:
    """Skip a problem whose package lacks what training needs; the reason names it."""
    needed = ("loss", "zero_weights", "CURVATURE", "AVERAGED")
    module = _table.problem_module(problem)
    missing = [name for name in needed if not hasattr(module, name)]
    if missing:
        raise Skipped(f"{problem} cannot be trained: it has no {', '.join(missing)}")


def open_epochs(implementation: impls.Implementation, solver: str, X: Any, y: Any) -> Epochs:
    """Start a training from zero weights, before its first epoch."""
    step = _step(implementation.problem, solver, X)
    training = _solve.Training(implementation, solver, X, y, step)
    return Epochs(training, training.start(None))


def split(batch: Any) -> tuple[Any, Any, Any, Any]:
    """Split into X and y to train with, and X and y held out: every fifth sample."""
    _, X, y = batch
    held_out = slice(0, None, _HELD_OUT)
    rest = [i for i in range(len(X)) if i % _HELD_OUT]
    return X[rest], y[rest], X[held_out], y[held_out]


def train(
    problem: str,
    name: str,
    solver: str,
    batch: Any,
    n_epochs: int = N_EPOCHS,
    callback: Callable[..., Any] | None = None,
) -> impls.Solution:
    """Train on the samples of ``(weights, X, y)`` that are not held out."""
    X, y, _, _ = split(batch)
    return impls.solve(
        problem,
        name,
        X,
        y,
        solver=solver,
        step=_step(problem, solver, X),
        n_epochs=n_epochs,
        callback=callback,
        progress=False,
    )


def _step(problem: str, solver: str, X: Any) -> float:
    return _optimum.stable_step(problem, X, _solve.batch_size_of(solver, X, None))


def accuracy(problem: str, weights: Any, batch: Any) -> float:
    """Share of the held-out samples whose class is predicted right."""
    _, _, X, y = split(batch)
    return float((_table.problem_module(problem).predict(weights, X) == y).mean())


def target(problem: str, batch: Any) -> float:
    """Loss to reach: 1 % above the optimum or 1 % of the loss at zero weights, if that is more."""
    X, y, _, _ = split(batch)
    zeros = _table.problem_part(problem, "zero_weights")(X, y)
    start = float(_table.problem_part(problem, "loss")(zeros, X, y))
    return max(1.01 * _optimum.find_optimum(problem, X, y), 0.01 * start)


def seconds_to(loss: float, problem: str, name: str, solver: str, batch: Any) -> float:
    """Seconds of training until the loss is reached.

    Raises
    ------
    Skipped
        If it is not reached within `MOST_EPOCHS`; gives the last loss.
    """

    def reached(_epoch: int, _weights: Any, current: float) -> bool:
        return current <= loss

    solution = train(problem, name, solver, batch, MOST_EPOCHS, reached)
    if solution.loss[-1] > loss:
        raise Skipped(
            f"the loss is {solution.loss[-1]:.4g} after {MOST_EPOCHS} epochs, wanted {loss:.4g}"
        )
    return solution.seconds
