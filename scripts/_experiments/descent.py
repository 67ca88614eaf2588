"""Fit a line to 1,000 points in 50 epochs by gradient descent, SGD and mini-batches.

Data, step, epochs and batch size are those of the gradient-descent text. The labels have noise with
a standard deviation of 0.5, as in the text's code. The report's page draws the loss against seconds
of the last training with each kernel.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Any

import numpy as np
from matplotlib.figure import Figure

import impls
from benchmarks._session.process import Out, Process
from impls import _table
from scripts._common import isolated, units
from scripts._common.errors import UserError
from scripts._common.records import Facts, LossCurve
from scripts._experiments import Options, Outcome, TextTable
from scripts._figures._panels import Line, Panel, Scale, draw_fit, draw_panels

Array = np.ndarray[Any, Any]

OPTIONS = ("impl",)
TRUE_WEIGHTS = np.array([3.5, 4.0])  # w, b
_N_SAMPLES = 1000
_NOISE = 0.5
_STEP = 0.02
_N_EPOCHS = 50
_LONGEST_SECONDS = 600.0  # a training takes less than one with a kernel that is not slow
# Batch size by solver, in the text's order; None: the solver has its own.
_BATCH_SIZES = {"gd": None, "sgd": None, "minibatch": 50}


@dataclass(frozen=True)
class Samples:
    """X with a column of ones, y, and the start of the training."""

    X: Array
    y: Array
    start: Array

    @property
    def least_squares(self) -> Array:
        """``(w, b)`` with the least loss."""
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
        """Number of updates after each epoch."""
        per_epoch = self.solution.n_updates // _N_EPOCHS
        return [per_epoch * epoch for epoch in range(1, _N_EPOCHS + 1)]

    @property
    def seconds(self) -> list[float]:
        """Seconds since the start after each epoch."""
        return list(accumulate(self.solution.epoch_seconds))


def run(settings: Options) -> Outcome:
    """Draw the data, train with every solver, make the table and the figures."""
    data = draw_data(settings.seed)
    runs = train(data, settings.impl, settings.seed)
    return Outcome(
        [make_table(data, runs, settings.impl)],
        {
            "descent-fit": lambda facts: _draw_fit(data, runs, facts),
            "descent-loss": lambda facts: _draw_losses(data, runs, facts),
        },
        loss_curves(data, runs, settings),
    )


def loss_curves(data: Samples, runs: list[Fit], settings: Options) -> list[LossCurve]:
    """Loss against seconds of each training."""
    least = data.loss(data.least_squares)
    n_samples, n_features = data.X.shape
    return [
        LossCurve(
            problem="linear",
            implementation=settings.impl,
            solver=run.solver,
            n_samples=n_samples,
            n_features=n_features,
            seed=settings.seed,
            epochs=tuple(range(1, _N_EPOCHS + 1)),
            seconds=tuple(run.seconds),
            losses=run.solution.loss,
            least_loss=least,
        )
        for run in runs
    ]


def draw_data(seed: int) -> Samples:
    """Draw points and a start as the text does."""
    generator = np.random.default_rng(seed)
    X = np.column_stack([generator.standard_normal(_N_SAMPLES), np.ones(_N_SAMPLES)])
    y = X @ TRUE_WEIGHTS + _NOISE * generator.standard_normal(_N_SAMPLES)
    return Samples(X, y, np.array([0.01 * generator.standard_normal(), 0.0]))


def train(data: Samples, name: str, seed: int) -> list[Fit]:
    """Train with every solver from the same start, with the text's step and epochs.

    Raises
    ------
    UserError
        If the kernel cannot be used, fails or ends its process.
    """
    with isolated.started("linear", name) as process:
        isolated.load(process)
        try:
            isolated.prepare(process, data.start, data.X, data.y)
            return [_train(process, data, solver, seed) for solver in _BATCH_SIZES]
        except Out as out:
            raise UserError(f"linear/{name}: {out.reason}") from None


def _train(process: Process, data: Samples, solver: str, seed: int) -> Fit:
    """Train in the kernel's process."""
    settings = {"solver": solver, "step": _STEP, "n_epochs": _N_EPOCHS, "seed": seed}
    settings |= {"batch_size": _BATCH_SIZES[solver], "weights": data.start.tolist()}
    reply = process.ask("train", _LONGEST_SECONDS, what="solve", **settings)
    solution = impls.Solution(
        np.array(reply["weights"]),
        int(reply["updates"]),
        tuple(reply["losses"]),
        tuple(reply["epoch_seconds"]),
    )
    return Fit(solver, _N_SAMPLES * _N_EPOCHS // solution.n_updates, solution)


def make_table(data: Samples, runs: list[Fit], name: str) -> TextTable:
    """Result of each training, compared with least squares."""
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
        "column is the distance of (w, b) from the least-squares solution. Gradient descent needs "
        "more epochs because it makes fewer updates per epoch, as the text explains."
    )
    return TextTable("Result of 50 epochs", headers, rows, note)


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
    note = "Points: the data. Where lines coincide, see the numbers in the table."
    return draw_fit((list(x), list(data.y)), lines, title, facts, note)


def _draw_losses(data: Samples, runs: list[Fit], facts: Facts) -> Figure:
    """Draw the loss above and its excess over the least below, over epochs, time and updates."""
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
    return draw_panels(
        "Loss of gradient descent, SGD and mini-batches", [above, below], facts, note
    )


# Title, axis and values of each column of panels.
_ACROSS: tuple[tuple[str, Scale, Callable[[Fit], Sequence[float]]], ...] = (
    ("By epochs", Scale("epoch", "{:g}".format), lambda run: range(1, _N_EPOCHS + 1)),
    ("By time", Scale("time", units.seconds, log=True), lambda run: run.seconds),
    ("By updates", Scale("updates", "{:,.0f}".format, log=True), lambda run: run.updates),
)
