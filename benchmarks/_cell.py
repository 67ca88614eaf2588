"""A cell of the grid: one implementation on one batch, prepared and verified."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from enum import Enum
from functools import partial
from math import nan
from typing import Any

import impls
from benchmarks._journal import Skipped, WrongResult
from benchmarks._judge import Draw, Judge, judging
from impls import _machine, _verify

# Memory that BLAS, Python and the verification need beyond the arrays that are counted.
_SPARE_BYTES = 200 * 1024**2


@dataclass(frozen=True)
class Cell:
    """An implementation and its prepared inputs.

    Attributes
    ----------
    gradient : callable
        Calls the kernel once on these inputs, without checks: this is timed.
    verdict : Verdict or None
        Verdict on the gradients at several weights; None if they were not verified.
    """

    implementation: impls.Implementation
    weights: Any
    X: Any
    y: Any
    gradient: Callable[[], Any]
    verdict: _verify.Verdict | None

    def call_small(self) -> None:
        """Call the gradient on one sample, where X is an array: compiled code is then loaded."""
        if type(self.X).__module__ == "numpy":
            self.implementation.kernel(self.weights, self.X[:1], self.y[:1])

    @property
    def error(self) -> float:
        """Largest error relative to the sum of the absolute terms; NaN if not verified."""
        return self.verdict.error if self.verdict else nan


class Check(Enum):
    """Whether the set-up verifies the gradient, and what it does with a wrong one."""

    REFUSE = "call it a few times, compare with the reference, never time a wrong one"
    MEASURE = "call it a few times, tell the error"
    NONE = "do not call it"


def open_cell(problem: str, name: str, n_samples: int, n_features: int, check: Check) -> Cell:
    """Draw the data, prepare it and, as `check` says, verify the implementation on it.

    Raises
    ------
    Skipped
        With the reason, if the cell is to be skipped.
    WrongResult
        If a gradient differs from the reference by more than the implementation's tolerance, or
        the implementation breaks the contract.
    """
    draw = partial(impls.make, problem, n_samples, n_features)
    with _judging(problem, draw, check) as judge:  # before foreign code is imported
        implementation = _load(problem, name, n_samples, n_features)
        return _prepare(implementation, draw, check, judge)


def open_dataset(problem: str, name: str, batch: Any, check: Check) -> Cell:
    """Like `open_cell`, for a data set's ``(weights, X, y)`` or the reason why it is missing."""
    if isinstance(batch, str):
        raise Skipped(batch)
    with _judging(problem, lambda: batch, check) as judge:
        return _prepare(_load(problem, name, *batch[1].shape), lambda: batch, check, judge)


def count_threads() -> int:
    """Number of threads that the cell may use, from GRADMARK_THREADS: all, or a number."""
    text = os.environ.get("GRADMARK_THREADS", "all")
    return _machine.count_threads() if text == "all" else int(text)


def _load(problem: str, name: str, n_samples: int, n_features: int) -> impls.Implementation:
    if name not in impls.names(problem):
        raise Skipped("not in this commit")
    # Before the import: JAX counts the processors when it is loaded.
    if count_threads() < _machine.count_threads():
        _machine.limit_processors(count_threads())
    try:
        implementation = impls.load(problem, name)
    except impls.Unavailable as error:
        raise Skipped(str(error)) from error
    reason = implementation.reason_to_skip(n_samples, n_features)
    reason = reason or _lack_of_memory(implementation, n_samples, n_features)
    if reason:
        raise Skipped(reason)
    # After the import: limits of the other libraries are set once those are loaded.
    _machine.set_threads(count_threads())
    return implementation


def _lack_of_memory(
    implementation: impls.Implementation, n_samples: int, n_features: int
) -> str | None:
    copies = 1 + float(implementation.options.get("PREPARED_COPIES", 0))
    needed = int(8 * n_samples * (n_features * copies + 8)) + _SPARE_BYTES
    available = _machine.available_memory()
    if needed <= available:
        return None
    return f"needs {needed / 1e9:.1f} GB of memory, {available / 1e9:.1f} GB are available"


def _judging(problem: str, draw: Draw, check: Check) -> AbstractContextManager[Judge | None]:
    return nullcontext() if check is Check.NONE else judging(problem, draw)


def _prepare(
    implementation: impls.Implementation, draw: Draw, check: Check, judge: Judge | None
) -> Cell:
    if judge:
        judge.look_up()
    weights, X, y = draw()
    verdict = None
    try:
        X, y = _verify.prepare(implementation, X, y)
        if judge:
            gradients = _verify.observe(implementation, _verify.vectors(weights), X, y)
            verdict = judge.judge(gradients, implementation.rtol)
    except (impls.Unfit, impls.Unavailable) as reason:
        raise Skipped(str(reason)) from reason
    except _verify.Misbehaves as fault:
        raise WrongResult(str(fault)) from fault
    if verdict and verdict.fault and check is Check.REFUSE:
        raise WrongResult(verdict.reason)
    gradient = partial(implementation.kernel, weights, X, y)
    return Cell(implementation, weights, X, y, gradient, verdict)
