"""Trainings of a session: a stable step, a start at zero, every fifth sample held out."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from statistics import median
from typing import Any

import numpy as np

import impls
from impls import _measure, _optimum, _solve, _table

N_EPOCHS = 20
_HELD_OUT = 5  # every fifth sample
# Epochs of a sample last as long in all, and are so many at least.
_EPOCH_SECONDS, _LEAST_EPOCHS = 0.02, 3

# Each implementation is trained with each solver, twice; those of one sample per update take 0.2 s
# for an epoch of so many samples.
_MOST_SAMPLES, _MOST_VALUES = 10_000, 2_000_000

Reply = dict[str, Any]


@dataclass(frozen=True)
class Epochs:
    """A training that continues by one epoch at a time."""

    training: _solve.Training
    weights: Any

    def seconds(self) -> float:
        """Median seconds of an epoch; the first warms up and does not count."""
        self.training.run_epoch(self.weights)
        found: list[float] = []
        while len(found) < _LEAST_EPOCHS or sum(found) < _EPOCH_SECONDS:
            found.append(self.training.run_epoch(self.weights))
        return median(found)

    def kernel_share(self, epoch_seconds: float) -> float:
        """Seconds of an epoch's gradients over the seconds of the epoch.

        One batch's gradient is timed and multiplied by the updates of an epoch.
        """
        X, y = next(self.training.draw_batches())
        n_calls, seconds = _measure.count_calls(partial(self.training.kernel, self.weights, X, y))
        return seconds / n_calls * self.training.updates_per_epoch / epoch_seconds


def reason_against(problem: str) -> str:
    """What a problem's package lacks for training; empty if nothing."""
    needed = ("loss", "zero_weights", "CURVATURE", "AVERAGED")
    module = _table.problem_module(problem)
    missing = [name for name in needed if not hasattr(module, name)]
    return f"{problem} cannot be trained: it has no {', '.join(missing)}" if missing else ""


def reason_against_size(shape: tuple[int, int]) -> str:
    """Why a user's data set is not trained on; empty if it is."""
    if shape[0] <= _MOST_SAMPLES and math.prod(shape) <= _MOST_VALUES:
        return ""
    return (
        f"trainings on data sets of more than {_MOST_SAMPLES:,} samples or {_MOST_VALUES:,} values "
        "take too long"
    )


def measure_epochs(implementation: impls.Implementation, solver: str, X: Any, y: Any) -> Reply:
    """Seconds of an epoch, and the share that its gradients take."""
    step = _step(implementation.problem, solver, X)
    training = _solve.Training(implementation, solver, X, y, step)
    epochs = Epochs(training, training.start(None))
    seconds = epochs.seconds()
    return {"epoch": seconds, "kernel_share": epochs.kernel_share(seconds)}


def measure_training(
    implementation: impls.Implementation, solver: str, X: Any, y: Any, loss: float, most_epochs: int
) -> Reply:
    """Last loss, updates and accuracy of a training, and seconds until it reaches a loss.

    `reasons` holds why a metric has no value.
    """
    run = partial(_train, implementation, solver, X, y)
    solution = run(min(N_EPOCHS, most_epochs))
    found: Reply = {"final_loss": solution.loss[-1], "updates": solution.n_updates}
    reasons = {}
    try:
        found["test_accuracy"] = _accuracy(implementation.problem, solution.weights, X, y)
    except AttributeError:
        reasons["test_accuracy"] = f"{implementation.problem} predicts no classes"

    def reached(_epoch: int, _weights: Any, current: float) -> bool:
        return current <= loss

    solution = run(most_epochs, reached)
    if solution.loss[-1] <= loss:
        found["time_to_loss"] = solution.seconds
    else:
        last = f"the loss is {solution.loss[-1]:.4g} after {most_epochs} epochs"
        reasons["time_to_loss"] = f"{last}, wanted {loss:.4g}"
    return found | {"reasons": reasons}


def solve(
    implementation: impls.Implementation, X: Any, y: Any, weights: Any, **settings: Any
) -> Reply:
    """A training on all samples from given weights, with the settings of `impls.solve`."""
    problem, name = implementation.problem, implementation.name
    start = np.array(weights)
    found = impls.solve(problem, name, X, y, weights=start, progress=False, **settings)
    return {
        "weights": found.weights.ravel().tolist(),
        "losses": list(found.loss),
        "epoch_seconds": list(found.epoch_seconds),
        "updates": found.n_updates,
    }


def target(problem: str, X: Any, y: Any) -> float:
    """Loss to reach: 1 % above the optimum or 1 % of the loss at zero weights, if that is more.

    If a plane separates the classes, the optimum is 0 and nothing comes within 1 % of it.
    """
    X, y, _, _ = _split(X, y)
    zeros = _table.problem_part(problem, "zero_weights")(X, y)
    start = float(_table.problem_part(problem, "loss")(zeros, X, y))
    return max(1.01 * _optimum.find_optimum(problem, X, y), 0.01 * start)


def _split(X: Any, y: Any) -> tuple[Any, Any, Any, Any]:
    """X and y to train with, and X and y held out: every fifth sample."""
    held_out = slice(0, None, _HELD_OUT)
    rest = [i for i in range(len(X)) if i % _HELD_OUT]
    return X[rest], y[rest], X[held_out], y[held_out]


def _train(
    implementation: impls.Implementation,
    solver: str,
    X: Any,
    y: Any,
    n_epochs: int,
    callback: Callable[..., Any] | None = None,
) -> impls.Solution:
    """Train on the samples that are not held out."""
    X, y, _, _ = _split(X, y)
    return impls.solve(
        implementation.problem,
        implementation.name,
        X,
        y,
        solver=solver,
        step=_step(implementation.problem, solver, X),
        n_epochs=n_epochs,
        callback=callback,
        progress=False,
    )


def _step(problem: str, solver: str, X: Any) -> float:
    return _optimum.stable_step(problem, X, _solve.batch_size_of(solver, X, None))


def _accuracy(problem: str, weights: Any, X: Any, y: Any) -> float:
    """Share of the held-out samples whose class is predicted right."""
    _, _, X, y = _split(X, y)
    return float((_table.problem_module(problem).predict(weights, X) == y).mean())
