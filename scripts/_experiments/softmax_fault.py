"""Train with a faulty softmax, which divides by the sum over the batch, and with the right one.

Three trainings: the softmax text's fault with its own settings, the same with the sum of each row,
and the right one with a larger step and smaller batches. A smaller last batch of an epoch is used
too. A table shows that `scripts.check` finds the fault.
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
from benchmarks._session.judging import Findings, draw_easy, draw_extreme
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
# There are so few digits that this takes seconds; each seed splits and shuffles them anew.
_N_SEEDS = 10
# Numerical code has no annotations.
_LOADERS: dict[str, Any] = {"digits": _files.split_digits, "mnist": _files.fetch_mnist}
_load_npz: Any = _files.load_npz


@dataclass(frozen=True)
class Images:
    """Images to train with and to test on, and a note on how their pixels were scaled."""

    X: Array
    y: Array
    X_test: Array
    y_test: Array
    note: str = ""


@dataclass(frozen=True)
class Course:
    """Settings of a training.

    Attributes
    ----------
    name : str
        Name in tables and figures.
    implementation : Implementation
        Computes the gradient.
    loss : callable
        Loss of a batch, as code with this softmax computes it.
    step, batch_size
        As in `impls.solve`.
    """

    name: str
    implementation: impls.Implementation
    loss: Loss
    step: float
    batch_size: int


@dataclass(frozen=True)
class Training:
    """Result of a training.

    Attributes
    ----------
    course : Course
    n_updates : int
    moments, batch_losses : list of float
        Time of each update in epochs, and the loss of its batch before it. Whole batches only, as
        in the text: the faulty loss depends on the batch size.
    losses, train_accuracy, test_accuracy : list of float
        Before the first epoch and after each: mean cross-entropy of the training images, and the
        share of images whose digit is predicted right.
    """

    course: Course
    n_updates: int
    moments: list[float]
    batch_losses: list[float]
    losses: list[float]
    train_accuracy: list[float]
    test_accuracy: list[float]


def run(settings: Options) -> Outcome:
    """Load the images, run the trainings and the checks, make the tables and the figure."""
    data = load_data(settings.data, settings.seed, settings.pixel_max)
    if data.note:
        print(data.note, file=sys.stderr)
    try:
        runs = [train(course, data, settings.seed) for course in courses(data)]
    except impls.Diverged as error:
        raise UserError(
            f"the training {error}; the step is fixed here, so give images with pixels in [0, 1]"
        ) from error
    ranges = find_ranges(settings.seed) if settings.data == "digits" else None
    batches = [*draw_easy("softmax"), *draw_extreme("softmax")]
    faulty, right = (
        judging.judge("softmax", source, batches) for source in (_FAULTY_FILE, "matrix")
    )
    return Outcome(
        [make_table(runs, data, ranges), make_verdicts(faulty, right)],
        {"softmax_fault": lambda facts: _draw(runs, data, settings, facts)},
    )


def load_data(name: str, seed: int, pixel_max: float | None = None) -> Images:
    """Load the digits (split by the seed), MNIST, or a file (pixels divided by `pixel_max`).

    Raises
    ------
    UserError
        If the file does not hold such images; says what was expected.
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
    """Settings of the three trainings: the text's, the same without the fault, a better one."""
    faulty, right = load_faulty(), _load_right()
    most = len(data.y)
    return [
        Course("sum over the batch", faulty, batch_wise_loss, 0.1, min(256, most)),
        Course("sum of each row", right, _PROBLEM.loss, 0.1, min(256, most)),
        Course("sum of each row, step 0.5, batch 32", right, _PROBLEM.loss, 0.5, min(32, most)),
    ]


def load_faulty() -> impls.Implementation:
    """The faulty gradient of the text's question."""
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
    """Train from zero weights; the loss of each batch is taken before its update."""
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
    """Lowest, median and highest test accuracy on the digits of each training, over ten seeds."""
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
    """Result of each training."""
    headers = ["softmax", "step", "batch", "updates", "loss of a batch", "cross-entropy"]
    headers += ["train accuracy", "test accuracy"]
    rows = [_describe(run) for run in runs]
    note = (
        f"{len(data.y):,} images to train with and {len(data.y_test):,} to test on; {N_EPOCHS} "
        "epochs from zero weights. Loss of a batch: that of the last whole batch, as code with "
        "this softmax computes it. With the sum over the batch, it starts at "
        "log(batch × classes) and stays near it. Cross-entropy: over all training images, with "
        "the sum of each row."
    )
    if data.note:
        note += f" {data.note}."
    if ranges:
        headers.append(f"median of {_N_SEEDS} seeds")
        for row, run in zip(rows, runs, strict=True):
            low, middle, high = ranges[run.course.name]
            row.append(f"{middle:.3f} ({low:.3f} to {high:.3f})")
        note += " Median and range: test accuracy with this seed and the following ones."
    return TextTable("Result of 10 epochs", headers, rows, note)


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


def make_verdicts(faulty: Findings, right: Findings) -> TextTable:
    """Verdict of ``scripts.check`` on both gradients, batch by batch."""
    reasons = dict(problem.split(": ", 1) for problem in faulty.problems)
    rows = [
        [batch, f"{right.errors[batch]:.1e}", f"{error:.1e}", reasons.get(batch, "right")]
        for batch, error in faulty.errors.items()
    ]
    headers = ["batch", f"error of {right.name}", f"error of {faulty.name}", "what check says"]
    note = (
        f"{len(faulty.problems)} of {len(rows)} batches are wrong. Errors are relative to the sum "
        f"of absolute terms; up to {faulty.limit:.0e} is right. To get the same: python -m "
        "scripts.check softmax --file impls/softmax/_batch_softmax.py"
    )
    return TextTable("Verdict of scripts.check on the faulty gradient", headers, rows, note)


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
            "Accuracy on the training images",
            epoch,
            share,
            [Line(run.course.name, epochs, run.train_accuracy) for run in runs],
        ),
        Panel(
            "Accuracy on the test images",
            epoch,
            share,
            [Line(run.course.name, epochs, run.test_accuracy) for run in runs],
        ),
    ]
    title = f"A softmax that divides by the sum over the batch ({Path(settings.data).name})"
    note = (
        "Loss of whole batches before each update; accuracy before the first epoch and after each."
    )
    return draw_panels(title, [panels], facts, note)
