"""Training: any problem, any implementation's kernel, any solver."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from numbers import Real
from time import perf_counter
from typing import Any

import numpy as np

from impls import solvers
from impls._checks import check_finite
from impls._counts import as_float, check_count
from impls._errors import Diverged, told
from impls._frames import as_array
from impls._table import Implementation, load, problem_module, problem_part

Array = np.ndarray[Any, Any]
Callback = Callable[[int, Array, float], Any]

# A training has diverged if its loss exceeds the initial loss, or that of zero weights, by this
# factor.
_DIVERGED = 1e6


@dataclass(frozen=True)
class Solution:
    """Result of a training.

    Attributes
    ----------
    weights : ndarray of float64
        Weights after the last update.
    n_updates : int
        Number of updates of the weights.
    loss : tuple of float
        The problem's loss on all samples after each epoch, in float64.
    epoch_seconds : tuple of float
        Time of each epoch: drawing the batches, gradients and updates, without the loss unless it
        was computed in one pass with a gradient.
    """

    weights: Array
    n_updates: int
    loss: tuple[float, ...]
    epoch_seconds: tuple[float, ...]

    @property
    def seconds(self) -> float:
        """Time of all epochs, without the preparation and the losses."""
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
        Samples (n_samples, n_features) and labels (n_samples,), as the problem defines them; or
        pandas' DataFrame and Series.
    solver : str
        ``gd`` (all samples in an update), ``sgd`` (one) or ``minibatch`` (`batch_size`).
    step : float
        Learning rate. It multiplies the problem's own gradient. If that is a sum over the samples
        (logistic, sigmoid_net) and not a mean, a larger batch needs a smaller step.
    n_epochs : int
        Passes over the samples.
    batch_size : int, optional
        Samples per update of ``minibatch``; default 32. The last batch of an epoch may be smaller.
    weights : ndarray, optional
        Initial weights; default zeros. The array is not changed.
    seed : int
        Seed of the order of the samples, which is drawn anew for each epoch.
    callback : callable, optional
        Called as ``callback(epoch, weights, loss)`` after each epoch, counted from 1. A true result
        ends the training.
    progress : bool
        Show a progress bar on a terminal if the training takes more than two seconds.

    Returns
    -------
    Solution

    Raises
    ------
    TableError
        If `load` raises it, or if there is no such solver (UnknownName).
    TypeError, ValueError
        Names the argument, what was given and what was expected.
    Diverged
        If the loss is not finite or exceeds a million times the initial loss; the message gives
        epoch, loss and step.
    """
    from tqdm import tqdm

    epochs = range(1, check_count("n_epochs", n_epochs) + 1)
    training = Training(load(problem, name), solver, X, y, step, batch_size, seed)
    weights = training.start(weights)
    losses: list[float] = []
    seconds: list[float] = []
    hidden = None if progress else True  # None: hidden unless stderr is a terminal
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
        The implementation's own gradient, called in every update.
    batch_size, updates_per_epoch : int
        Samples in an update; updates in an epoch.
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
        X, y = as_array("X", X), as_array("y", y)
        self._loss = problem_part(implementation.problem, "loss")
        own = implementation.parts.get("loss_gradient")
        # A loss in float32 would end a training too early or too late.
        self._own = None if implementation.options.get("BYTES_PER_VALUE") == 4 else own
        self._ahead: _Ahead | None = None
        self._zero_weights = problem_part(implementation.problem, "zero_weights")
        self._prepared = implementation.prepare(X, y)
        if implementation.takes_rows:  # which are checked as they pass by
            X, y = self._prepared
            self._loss = lambda weights, X, y: implementation.parts["loss_gradient"](weights, X, y)[
                0
            ]
        else:
            check_finite("X", X)
            check_finite("y", y)
        self._raw = X, y
        self._step = _check_step(step)
        self._shuffles: bool = solvers.load(solver).SHUFFLES
        self.batch_size = batch_size_of(solver, X, batch_size)
        self._seed = check_count("seed", seed, least=0)
        self._generator = np.random.default_rng(self._seed)
        self._worst_loss = math.inf

    @property
    def updates_per_epoch(self) -> int:
        """Number of batches that hold all samples."""
        if self._shuffles and self._implementation.takes_rows:  # a batch is of one block
            rows: Any = self._prepared[0]
            return int(rows.count_batches(self.batch_size))
        return -(-len(self._raw[0]) // self.batch_size)

    def start(self, weights: Array | None) -> Array:
        """A float64 copy of the initial weights; zeros by default.

        The kernel is called once, because a compiled kernel compiles or loads its code then.
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
        """Update the weights in place for one epoch; return its seconds."""
        ahead, self._ahead = self._ahead, None
        if ahead is not None and np.array_equal(ahead.weights, weights):
            weights -= self._step * ahead.gradient
            return ahead.seconds
        begin = perf_counter()
        kernel, step = self.kernel, self._step
        # `check` reports overflow, once per epoch.
        with np.errstate(over="ignore", invalid="ignore"):
            for X, y in self.draw_batches():
                weights -= step * kernel(weights, X, y)
        return perf_counter() - begin

    def draw_batches(self) -> Iterator[tuple[Any, Any]]:
        """Prepared batches of one epoch; each is valid until the next is drawn."""
        if not self._shuffles:
            yield self._prepared
            return
        if self._implementation.takes_rows:
            rows: Any = self._prepared[0]
            yield from rows.draw_batches(self._generator, self.batch_size)
            return
        order = self._generator.permutation(len(self._raw[0]))
        starts = range(0, len(order), self.batch_size)
        if not all(isinstance(array, np.ndarray) for array in self._prepared):
            # Arrays of another library: preparing a batch is part of training with it.
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
        """Batches, each copied into one buffer, which has the layout of X and stays in cache."""
        X, y = self._prepared
        X_batch = np.empty_like(X, shape=(self.batch_size, X.shape[1]))
        y_batch = np.empty_like(y, shape=(self.batch_size,))
        for start in starts:
            rows = order[start : start + self.batch_size]
            # The default mode copies through another buffer.
            np.take(X, rows, axis=0, out=X_batch[: len(rows)], mode="clip")
            np.take(y, rows, axis=0, out=y_batch[: len(rows)], mode="clip")
            yield X_batch[: len(rows)], y_batch[: len(rows)]

    def check(self, epoch: int, weights: Array) -> float:
        """Loss on all samples; raises Diverged if it, or a weight, is out of bounds.

        Where the implementation computes loss and gradient in one pass, the gradient is kept for
        the next epoch of ``gd``, to which its time belongs.
        """
        with np.errstate(over="ignore", invalid="ignore"):
            loss = self._evaluate(weights)
        if not (loss <= self._worst_loss and np.all(np.isfinite(weights))):
            raise Diverged(
                f"diverged in epoch {epoch}: the loss is {loss:.3g} with step {self._step:g} and "
                f"batches of {self.batch_size}; take a smaller step"
            )
        return loss

    def _evaluate(self, weights: Array) -> float:
        """Loss on all samples, by the implementation itself where it has its own."""
        if self._own is None:
            return float(self._loss(weights, *self._raw))
        begin = perf_counter()
        loss, gradient = self._own(weights, *self._prepared)
        if not self._shuffles:
            self._ahead = _Ahead(weights.copy(), gradient, perf_counter() - begin)
        return float(loss)


@dataclass(frozen=True)
class _Ahead:
    """The gradient of the next epoch of ``gd``, computed with the loss of the last."""

    weights: Array
    gradient: Array
    seconds: float


def batch_size_of(solver: str, X: Array, batch_size: int | None) -> int:
    """Samples per update: the requested number if the solver accepts it, or its default.

    Raises
    ------
    UnknownName
        If there is no such solver.
    TypeError, ValueError
        If the solver cannot use batches of this size.
    """
    module = solvers.load(solver)
    if batch_size is not None:
        batch_size = check_count("batch_size", batch_size)
    return int(module.choose_batch_size(len(X), batch_size))


def _check_step(step: Any) -> float:
    if not isinstance(step, Real):
        raise TypeError(f"step is {told(step)}, expected a positive number")
    value = as_float(step)
    if not (math.isfinite(value) and value > 0):
        raise ValueError(f"step is {told(step)}, expected a positive number")
    return value
