"""Training: any problem, any implementation's kernel, any solver."""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from time import perf_counter
from typing import Any

import numpy as np

from impls import solvers
from impls._checks import check_finite
from impls._errors import Diverged
from impls._table import Implementation, load, problem_module, problem_part

Array = np.ndarray[Any, Any]
Callback = Callable[[int, Array, float], Any]

# A loss so many times that of the start, or of zero weights, does not come down again.
_DIVERGED = 1e6


@dataclass(frozen=True)
class Solution:
    """What a training came to.

    Attributes
    ----------
    weights : ndarray of float64
        After the last update.
    n_updates : int
        How often the weights were changed.
    loss : tuple of float
        The problem's loss on all samples, in float64: after each epoch.
    epoch_seconds : tuple of float
        Time of each epoch: drawing the batches, gradients and updates, without the loss.
    """

    weights: Array
    n_updates: int
    loss: tuple[float, ...]
    epoch_seconds: tuple[float, ...]

    @property
    def seconds(self) -> float:
        """Time of all epochs; neither the preparation nor the losses are in it."""
        return sum(self.epoch_seconds)


def solve(
    problem: str,
    name: str,
    X: Array,
    y: Array,
    *,
    solver: str = "minibatch",
    step: float,
    n_epochs: int,
    batch_size: int | None = None,
    weights: Array | None = None,
    seed: int = 0,
    callback: Callback | None = None,
    progress: bool = True,
) -> Solution:
    """Minimise a problem's loss with one implementation's gradient.

    ``weights -= step * gradient(weights, X_batch, y_batch)`` for every batch of every epoch.

    Parameters
    ----------
    problem, name : str
        Names of the problem and the implementation.
    X, y : ndarray
        (n_samples, n_features) and (n_samples,), of the problem's own kind.
    solver : str
        ``gd`` (all samples per update), ``sgd`` (one) or ``minibatch`` (`batch_size`).
    step : float
        Learning rate. It multiplies the problem's own gradient: where that is a sum over the
        samples (logistic, sigmoid_net) and not a mean, a larger batch needs a smaller step.
    n_epochs : int
        Passes over the samples.
    batch_size : int, optional
        Samples per update of ``minibatch``; default 32. A smaller last batch is used, too.
    weights : ndarray, optional
        Start; default zeros. It is not changed.
    seed : int
        Of the order of the samples, which is drawn anew for each epoch.
    callback : callable, optional
        Called as ``callback(epoch, weights, loss)`` after each epoch, counted from 1; a true
        result ends the training.
    progress : bool
        Show a bar if it takes more than two seconds and someone watches.

    Returns
    -------
    Solution

    Raises
    ------
    TableError
        As `load` raises, or if there is no such solver (UnknownName).
    TypeError, ValueError
        Names the argument, what was given and what was expected.
    Diverged
        If the loss stops being finite or grows out of bounds; the message has epoch, loss and
        step.
    """
    from tqdm import tqdm

    epochs = range(1, _check_count("n_epochs", n_epochs) + 1)
    training = Training(load(problem, name), solver, X, y, step, batch_size, seed)
    weights = training.start(weights)
    losses: list[float] = []
    seconds: list[float] = []
    hidden = None if progress else True  # None: hidden where nobody watches
    for epoch in tqdm(epochs, unit="epoch", disable=hidden, delay=2, leave=False):
        seconds.append(training.run_epoch(weights))
        losses.append(training.check(epoch, weights))
        if callback is not None and callback(epoch, weights.copy(), losses[-1]):
            break
    n_updates = training.updates_per_epoch * len(losses)
    return Solution(weights, n_updates, tuple(losses), tuple(seconds))


class Training:
    """A kernel, a solver and data, ready to run epochs.

    Parameters
    ----------
    implementation : Implementation
    solver, X, y, step, batch_size, seed
        As in `solve`.

    Attributes
    ----------
    kernel : callable
        The implementation's own gradient, which every update calls.
    batch_size, updates_per_epoch : int
        Samples of an update; updates of an epoch.
    """

    def __init__(
        self,
        implementation: Implementation,
        solver: str,
        X: Array,
        y: Array,
        step: float,
        batch_size: int | None = None,
        seed: int = 0,
    ) -> None:
        self._implementation = implementation
        self.kernel = implementation.kernel
        self._problem = problem_module(implementation.problem)
        self._loss = problem_part(implementation.problem, "loss")
        self._zero_weights = problem_part(implementation.problem, "zero_weights")
        self._prepared = implementation.prepare(X, y)
        check_finite("X", X)
        check_finite("y", y)
        self._raw = X, y
        self._step = _check_step(step)
        self._shuffles: bool = solvers.load(solver).SHUFFLES
        self.batch_size = batch_size_of(solver, X, batch_size)
        self._seed = seed
        self._generator = np.random.default_rng(seed)
        self._worst_loss = math.inf

    @property
    def updates_per_epoch(self) -> int:
        """Batches that hold all samples."""
        return -(-len(self._raw[0]) // self.batch_size)

    def start(self, weights: Array | None) -> Array:
        """A copy of the weights to start from, zeros by default, in float64.

        The kernel is called once: a compiled one loads or makes its code at the first call.
        """
        X, y = self._raw
        zeros = self._zero_weights(X, y)
        start = zeros.copy() if weights is None else weights
        self._problem.check_shapes(start, X, y)
        start = np.array(start, dtype=np.float64)
        check_finite("weights", start)
        losses = [float(self._loss(w, X, y)) for w in (zeros, start) if w.size == start.size]
        self._worst_loss = _DIVERGED * max(*losses, float(np.finfo(np.float64).tiny))
        self.kernel(start, *next(self.draw_batches()))
        self._generator = np.random.default_rng(self._seed)
        return start

    def run_epoch(self, weights: Array) -> float:
        """Change the weights by one epoch's updates; return its seconds."""
        begin = perf_counter()
        kernel, step = self.kernel, self._step
        # What overflows on the way to infinity is told by `check`, once per epoch.
        with np.errstate(over="ignore", invalid="ignore"):
            for X, y in self.draw_batches():
                weights -= step * kernel(weights, X, y)
        return perf_counter() - begin

    def draw_batches(self) -> Iterator[tuple[Any, Any]]:
        """Prepared batches of one epoch; each is valid until the next is drawn."""
        if not self._shuffles:
            yield self._prepared
            return
        order = self._generator.permutation(len(self._raw[0]))
        starts = range(0, len(order), self.batch_size)
        if not all(isinstance(array, np.ndarray) for array in self._prepared):
            # Another library's arrays: what it takes to prepare a batch is part of its training.
            for start in starts:
                rows = order[start : start + self.batch_size]
                yield self._implementation.prepare_batch(self._raw[0][rows], self._raw[1][rows])
        elif self.batch_size == 1:
            X, y = self._prepared
            for i in order.tolist():
                yield X[i : i + 1], y[i : i + 1]
        else:
            yield from self._gather(order, starts)

    def _gather(self, order: Array, starts: range) -> Iterator[tuple[Array, Array]]:
        """Batches copied into one buffer, which stays in cache and has the layout of X."""
        X, y = self._prepared
        X_batch = np.empty_like(X, shape=(self.batch_size, X.shape[1]))
        y_batch = np.empty_like(y, shape=(self.batch_size,))
        for start in starts:
            rows = order[start : start + self.batch_size]
            # mode: the default one copies through another buffer.
            np.take(X, rows, axis=0, out=X_batch[: len(rows)], mode="clip")
            np.take(y, rows, axis=0, out=y_batch[: len(rows)], mode="clip")
            yield X_batch[: len(rows)], y_batch[: len(rows)]

    def check(self, epoch: int, weights: Array) -> float:
        """Loss on all samples; raises Diverged if there is no use in going on."""
        with np.errstate(over="ignore", invalid="ignore"):
            loss = float(self._loss(weights, *self._raw))
        if not (loss <= self._worst_loss and np.all(np.isfinite(weights))):
            raise Diverged(
                f"diverged in epoch {epoch}: the loss is {loss:.3g} with step {self._step:g} and "
                f"batches of {self.batch_size}; take a smaller step"
            )
        return loss


def batch_size_of(solver: str, X: Array, batch_size: int | None) -> int:
    """Samples that a solver takes for an update of what is asked for, or by default.

    Raises
    ------
    UnknownName
        If there is no such solver.
    TypeError, ValueError
        If it cannot take batches of this size.
    """
    module = solvers.load(solver)
    if batch_size is not None:
        batch_size = _check_count("batch_size", batch_size)
    return int(module.choose_batch_size(len(X), batch_size))


def _check_step(step: Any) -> float:
    try:
        value = float(step)
    except (TypeError, ValueError):
        raise TypeError(f"step is {step!r}, expected a positive number") from None
    if not (math.isfinite(value) and value > 0):
        raise ValueError(f"step is {step}, expected a positive number")
    return value


def _check_count(name: str, count: Any) -> int:
    try:
        value = operator.index(count)
    except TypeError:
        raise TypeError(f"{name} is {count!r}, expected a whole number of at least 1") from None
    if value < 1:
        raise ValueError(f"{name} is {count}, expected a whole number of at least 1")
    return value
