"""A line through 1,000 points in 50 epochs: gradient descent, stochastic and mini-batch.

The gradient-descent text's data, step, epochs and batch. Its labels have a noise with the standard
deviation of 0.5, as its code draws it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import numpy as np
from matplotlib.figure import Figure

import impls
from impls import _table
from scripts._common import units
from scripts._common.records import Facts
from scripts._experiments import Options, Outcome, TextTable
from scripts._figures._panels import Line, Panel, Scale, draw_fit, draw_panels

Array = np.ndarray[Any, Any]

OPTIONS = ("impl",)
TRUE_WEIGHTS = np.array([3.5, 4.0])  # w, b
_N_SAMPLES = 1000
_NOISE = 0.5
_STEP = 0.02
_N_EPOCHS = 50
# Batch of each solver, in the text's order; None is what the solver itself takes.
_BATCH_SIZES = {"gd": None, "sgd": None, "minibatch": 50}


@dataclass(frozen=True)
class Samples:
    """X with its column of ones, y, where training starts, and where least squares are."""

    X: Array
    y: Array
    start: Array

    @property
    def least_squares(self) -> Array:
        """``(w, b)`` of the least loss."""
        found: Array = np.linalg.lstsq(self.X, self.y, rcond=None)[0]
        return found

    def loss(self, weights: Array) -> float:
        """Half the mean squared error."""
        return float(_table.problem_module("linear").loss(weights, self.X, self.y))


@dataclass(frozen=True)
class Fit:
    """One solver's training."""

    solver: str
    batch_size: int
    solution: impls.Solution

    @property
    def updates(self) -> list[int]:
        """Updates made after each epoch."""
        per_epoch = self.solution.n_updates // _N_EPOCHS
        return [per_epoch * epoch for epoch in range(1, _N_EPOCHS + 1)]

    @property
    def seconds(self) -> list[float]:
        """Seconds gone after each epoch."""
        return list(accumulate(self.solution.epoch_seconds))


def run(settings: Options) -> Outcome:
    """Load, derive, render."""
    data = draw_data(settings.seed)
    runs = train(data, settings.impl, settings.seed)
    return Outcome(
        [make_table(data, runs, settings.impl)],
        {
            "descent-fit": lambda facts: _draw_fit(data, runs, facts),
            "descent-loss": lambda facts: _draw_losses(data, runs, facts),
        },
    )


def draw_data(seed: int) -> Samples:
    """The text's points and start."""
    generator = np.random.default_rng(seed)
    X = np.column_stack([generator.standard_normal(_N_SAMPLES), np.ones(_N_SAMPLES)])
    y = X @ TRUE_WEIGHTS + _NOISE * generator.standard_normal(_N_SAMPLES)
    return Samples(X, y, np.array([0.01 * generator.standard_normal(), 0.0]))


def train(data: Samples, name: str, seed: int) -> list[Fit]:
    """Every solver from the same start, with the text's step and epochs."""
    runs = []
    for solver, batch_size in _BATCH_SIZES.items():
        solution = impls.solve(
            "linear",
            name,
            data.X,
            data.y,
            solver=solver,
            step=_STEP,
            n_epochs=_N_EPOCHS,
            batch_size=batch_size,
            weights=data.start,
            seed=seed,
        )
        size = _N_SAMPLES * _N_EPOCHS // solution.n_updates
        runs.append(Fit(solver, size, solution))
    return runs


def make_table(data: Samples, runs: list[Fit], name: str) -> TextTable:
    """Where each training ended, and where it could have."""
    optimum = data.least_squares
    rows = [
        [
            run.solver,
            f"{run.batch_size:,}",
            f"{run.solution.n_updates:,}",
            units.seconds(run.solution.seconds),
            *_describe_weights(data, run.solution.weights, optimum),
        ]
        for run in runs
    ]
    rows.append(["least squares", "", "", "", *_describe_weights(data, optimum, optimum)])
    headers = ["solver", "batch", "updates", "time", "loss", "w", "b"]
    headers += ["error of w", "error of b", "from least squares"]
    note = (
        f"{_N_EPOCHS} epochs with step {_STEP} and the kernel `{name}`. Errors are distances from "
        f"{TRUE_WEIGHTS[0]:g} and {TRUE_WEIGHTS[1]:g}, which the data were drawn with; the last "
        "column is the distance of (w, b) from the solution of least squares. The text explains "
        "by the number of updates why gradient descent needs more epochs."
    )
    return TextTable("Where 50 epochs lead", headers, rows, note)


def _describe_weights(data: Samples, weights: Array, optimum: Array) -> list[str]:
    off = np.abs(weights - TRUE_WEIGHTS)
    distance = float(np.linalg.norm(weights - optimum))
    numbers = [data.loss(weights), *weights, *off]
    return [*(f"{number:.4f}" for number in numbers), f"{distance:.4f}"]


def _draw_fit(data: Samples, runs: list[Fit], facts: Facts) -> Figure:
    x = data.X[:, 0]
    ends = np.array([x.min(), x.max()])
    weights = {run.solver: run.solution.weights for run in runs}
    weights |= {"least squares": data.least_squares, "true line": TRUE_WEIGHTS}
    lines = [Line(name, list(ends), list(w * ends + b)) for name, (w, b) in weights.items()]
    title = f"The lines after {_N_EPOCHS} epochs"
    note = "Points: the data. Where lines lie on each other, the table tells them apart."
    return draw_fit((list(x), list(data.y)), lines, title, facts, note)


def _draw_losses(data: Samples, runs: list[Fit], facts: Facts) -> Figure:
    """Loss above, its distance from the least below; against epochs, time and updates."""
    least = data.loss(data.least_squares)
    loss, excess = (
        Scale(label, "{:g}".format, log=True) for label in ("loss", "loss − least loss")
    )
    above, below = [], []
    for title, x, of in _ACROSS:
        curves = [Line(run.solver, of(run), run.solution.loss) for run in runs]
        above.append(Panel(title, x, loss, curves, {"least": least}))
        rest = [Line(c.name, c.x, [value - least for value in c.y]) for c in curves]
        below.append(Panel("", x, excess, rest))
    note = f"After each epoch. Dotted: the loss of least squares, {least:.6f}."
    return draw_panels("Loss of the three ways to descend", [above, below], facts, note)


# Title, axis and values of each column of panels.
_ACROSS: tuple[tuple[str, Scale, Callable[[Fit], Sequence[float]]], ...] = (
    ("By epochs", Scale("epoch", "{:g}".format), lambda run: range(1, _N_EPOCHS + 1)),
    ("By time", Scale("time", units.seconds, log=True), lambda run: run.seconds),
    ("By updates", Scale("updates", "{:,.0f}".format, log=True), lambda run: run.updates),
)
