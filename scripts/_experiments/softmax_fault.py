"""A softmax that divides by the sum over the batch: what it costs, and what check says of it.

The softmax text's fault with its own settings, the same training with each row's sum, and one with
a larger step and smaller batches. A smaller last batch of an epoch is used, too.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from tqdm import tqdm

import impls
from impls import _solve, _table
from impls.softmax import _batch_softmax, _files
from scripts._common import judging
from scripts._common.errors import UserError
from scripts._common.records import Facts
from scripts._experiments import Options, Outcome, TextTable
from scripts._figures._panels import Line, Panel, Scale, draw_panels

Array = np.ndarray[Any, Any]
Loss = Callable[[Array, Array, Array], float]

OPTIONS = ("data", "pixel_max")
N_EPOCHS = 10
_PROBLEM: Any = _table.problem_module("softmax")
_FAULTY_FILE = Path(_batch_softmax.__file__)
# The digits are so few that this takes seconds; each seed splits and shuffles them anew.
_N_SEEDS = 10
# Numerical code without annotations.
_LOADERS: dict[str, Any] = {"digits": _files.split_digits, "mnist": _files.fetch_mnist}
_load_npz: Any = _files.load_npz


@dataclass(frozen=True)
class Images:
    """Images to train with and to test on, and what is to be said about their scale."""

    X: Array
    y: Array
    X_test: Array
    y_test: Array
    note: str = ""


@dataclass(frozen=True)
class Course:
    """A training's settings.

    Attributes
    ----------
    name : str
        In tables and figures.
    implementation : Implementation
        Whose gradient is descended.
    loss : callable
        Of a batch, as code with this softmax computes it.
    step, batch_size
        Of `impls.solve`.
    """

    name: str
    implementation: impls.Implementation
    loss: Loss
    step: float
    batch_size: int


@dataclass(frozen=True)
class Training:
    """What a training came to.

    Attributes
    ----------
    course : Course
    n_updates : int
    moments, batch_losses : list of float
        Epochs gone before an update, and the loss of its batch; whole batches alone, as in the
        text, since the level of the faulty loss depends on their size.
    losses, train_accuracy, test_accuracy : list of float
        Before the first epoch and after each: mean cross-entropy of the images to train with,
        and the share of images whose digit is predicted.
    """

    course: Course
    n_updates: int
    moments: list[float]
    batch_losses: list[float]
    losses: list[float]
    train_accuracy: list[float]
    test_accuracy: list[float]


def run(settings: Options) -> Outcome:
    """Load, derive, render."""
    data = load_data(settings.data, settings.seed, settings.pixel_max)
    if data.note:
        print(data.note, file=sys.stderr)
    try:
        runs = [train(course, data, settings.seed) for course in courses(data)]
    except impls.Diverged as error:
        raise UserError(
            f"the training {error}: that is, give images whose pixels are in [0, 1]"
        ) from error
    ranges = find_ranges(settings.seed) if settings.data == "digits" else None
    batches = list(judging.draw_batches("softmax"))
    faulty, right = (
        judging.judge("softmax", source, batches) for source in (_FAULTY_FILE, "matrix")
    )
    return Outcome(
        [make_table(runs, data, ranges), make_verdicts(faulty, right)],
        {"softmax_fault": lambda facts: _draw(runs, data, settings, facts)},
    )


def load_data(name: str, seed: int, pixel_max: float | None = None) -> Images:
    """Digits split by the seed, MNIST, or a file, whose pixels are divided by `pixel_max`.

    Raises
    ------
    UserError
        If the file holds no such images; tells what was expected.
    """
    try:
        if name == "digits":
            return Images(*_LOADERS[name](seed))
        if name in _LOADERS:
            return Images(*_LOADERS[name]())
        words: list[str] = []
        X, y, X_test, y_test = _load_npz(name, pixel_max, words.append)
        return Images(X, y, X_test, y_test, "".join(words))
    except (OSError, ValueError) as error:
        raise UserError(str(error)) from error


def courses(data: Images) -> list[Course]:
    """The text's training, the same without its fault, and a better one."""
    faulty, right = load_faulty(), _load_right()
    most = len(data.y)
    return [
        Course("sum over the batch", faulty, batch_wise_loss, 0.1, min(256, most)),
        Course("sum of each row", right, _PROBLEM.loss, 0.1, min(256, most)),
        Course("sum of each row, step 0.5, batch 32", right, _PROBLEM.loss, 0.5, min(32, most)),
    ]


def load_faulty() -> impls.Implementation:
    """The text's gradient as it was asked about."""
    return _table.load_file("softmax", _FAULTY_FILE)


def _load_right() -> impls.Implementation:
    return impls.load("softmax", "matrix")


def batch_wise_loss(weights: Array, X: Array, y: Array) -> float:
    """Mean of ``-log p[y]`` with every p divided by the sum over the batch.

    The text's ``np_cross_entropy(np_softmax(l), y)``, without a p that underflows to 0.
    """
    logits = X @ weights.T
    largest = logits.max()
    total = largest + np.log(np.exp(logits - largest).sum())
    return float(total - logits[np.arange(len(y)), y].mean())


def train(course: Course, data: Images, seed: int) -> Training:
    """Training the epochs from zero weights; every batch's loss is taken before its update."""
    training = _solve.Training(
        course.implementation,
        "minibatch",
        data.X,
        data.y,
        course.step,
        course.batch_size,
        seed,
    )
    weights = training.start(None)
    found = Training(course, training.updates_per_epoch * N_EPOCHS, [], [], [], [], [])
    _append_state(found, training.check(0, weights), weights, data)
    epochs = range(1, N_EPOCHS + 1)
    for epoch in tqdm(epochs, desc=course.name, unit="epoch", delay=2, disable=None, leave=False):
        for number, (X, y) in enumerate(training.draw_batches()):
            if len(y) == course.batch_size:
                found.moments.append(epoch - 1 + number / training.updates_per_epoch)
                found.batch_losses.append(course.loss(weights, X, y))
            weights -= course.step * training.kernel(weights, X, y)
        _append_state(found, training.check(epoch, weights), weights, data)
    return found


def _append_state(run: Training, loss: float, weights: Array, data: Images) -> None:
    run.losses.append(loss)
    run.train_accuracy.append(_accuracy(weights, data.X, data.y))
    run.test_accuracy.append(_accuracy(weights, data.X_test, data.y_test))


def _accuracy(weights: Array, X: Array, y: Array) -> float:
    return float((_PROBLEM.predict(weights, X) == y).mean())


def find_ranges(seed: int) -> dict[str, tuple[float, float, float]]:
    """Least, median and largest test accuracy of each training of the digits, over ten seeds."""
    found: dict[str, list[float]] = {}
    seeds = range(seed, seed + _N_SEEDS)
    for each in tqdm(seeds, unit="seed", delay=2, disable=None, leave=False):
        data = load_data("digits", each)
        for course in courses(data):
            last = train(course, data, each).test_accuracy[-1]
            found.setdefault(course.name, []).append(last)
    return {name: (min(values), median(values), max(values)) for name, values in found.items()}


def make_table(
    runs: Sequence[Training], data: Images, ranges: dict[str, tuple[float, float, float]] | None
) -> TextTable:
    """Where each training ended."""
    headers = ["softmax", "step", "batch", "updates", "loss of a batch", "cross-entropy"]
    headers += ["train accuracy", "test accuracy"]
    rows = [_describe(run) for run in runs]
    note = (
        f"{len(data.y):,} images to train with and {len(data.y_test):,} to test on; {N_EPOCHS} "
        "epochs from zero weights. Loss of a batch: of the last whole one, as the code with this "
        "softmax computes it. With the sum over the batch that starts at log(batch × classes) and "
        "stays near it. Cross-entropy: with the sum of each row, of all images to train with."
    )
    if data.note:
        note += f" {data.note}."
    if ranges:
        headers.append(f"median of {_N_SEEDS} seeds")
        for row, run in zip(rows, runs, strict=True):
            low, middle, high = ranges[run.course.name]
            row.append(f"{middle:.3f} ({low:.3f} to {high:.3f})")
        note += " Median: of the test accuracy with this seed and the next ones, with its range."
    return TextTable("Where 10 epochs lead", headers, rows, note)


def _describe(run: Training) -> list[str]:
    course = run.course
    return [
        course.name.partition(",")[0],
        f"{course.step:g}",
        f"{course.batch_size}",
        f"{run.n_updates:,}",
        f"{run.batch_losses[-1]:.3f}",
        f"{run.losses[-1]:.3f}",
        f"{run.train_accuracy[-1]:.3f}",
        f"{run.test_accuracy[-1]:.3f}",
    ]


def make_verdicts(faulty: judging.Findings, right: judging.Findings) -> TextTable:
    """What ``scripts.check`` says of both gradients, batch by batch."""
    reasons = dict(problem.split(": ", 1) for problem in faulty.problems)
    rows = [
        [batch, f"{right.errors[batch]:.1e}", f"{error:.1e}", reasons.get(batch, "right")]
        for batch, error in faulty.errors.items()
    ]
    headers = ["batch", f"error of {right.name}", f"error of {faulty.name}", "what check says"]
    note = (
        f"{len(faulty.problems)} of {len(rows)} batches wrong; errors are relative to the sum of "
        f"absolute terms, right is at most {faulty.limit:.0e}. The same from: python -m "
        "scripts.check softmax --file impls/softmax/_batch_softmax.py"
    )
    return TextTable("What scripts.check says of the faulty gradient", headers, rows, note)


def _draw(runs: Sequence[Training], data: Images, settings: Options, facts: Facts) -> Figure:
    epoch = Scale("epoch", "{:g}".format)
    share = Scale("share predicted right", "{:g}".format, limits=(0, 1.02))
    epochs = list(range(N_EPOCHS + 1))
    n_classes = int(data.y.max()) + 1
    size = runs[0].course.batch_size
    levels = {f"log({size} × {n_classes})": math.log(size * n_classes)}
    levels |= {f"log({n_classes})": math.log(n_classes)}
    panels = [
        Panel(
            "Loss of a batch, as the code computes it",
            epoch,
            Scale("loss", "{:g}".format),
            [Line(run.course.name, run.moments, run.batch_losses) for run in runs],
            levels,
        ),
        Panel(
            "Accuracy, images to train with",
            epoch,
            share,
            [Line(run.course.name, epochs, run.train_accuracy) for run in runs],
        ),
        Panel(
            "Accuracy, images to test on",
            epoch,
            share,
            [Line(run.course.name, epochs, run.test_accuracy) for run in runs],
        ),
    ]
    title = f"A softmax that divides by the sum over the batch ({Path(settings.data).name})"
    note = (
        "Loss before each update, of whole batches; accuracy before the first epoch and after each."
    )
    return draw_panels(title, [panels], facts, note)
