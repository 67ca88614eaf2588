"""A cell of the grid: one implementation on one batch, prepared, and verified before it is timed."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import impls
from benchmarks._grid import in_preset
from benchmarks._journal import WrongResult, outcome_of
from impls import _accuracy, _machine

# What BLAS, Python and the check take beside the arrays that are counted.
_SPARE_BYTES = 200 * 1024**2


@dataclass(frozen=True)
class Cell:
    """An implementation and its prepared inputs.

    Attributes
    ----------
    gradient : callable
        One call of the kernel on these inputs, without checks: what is timed.
    """

    implementation: impls.Implementation
    weights: Any
    X: Any
    y: Any
    gradient: Callable[[], Any]


def open_cell(problem: str, name: str, n_samples: int, n_features: int, *, verify: bool) -> Cell:
    """Draw the data, prepare it and, if asked, verify the implementation on it.

    Raises
    ------
    NotImplementedError
        With the reason, if the cell is to be skipped.
    WrongResult
        If the gradient differs from the reference by more than the implementation's tolerance.
    """
    with outcome_of((problem, name, n_samples, n_features)):
        if not in_preset(n_samples, n_features):
            raise NotImplementedError("not in this preset")
        implementation = _load(problem, name, n_samples, n_features)
        return _prepare(implementation, impls.make(problem, n_samples, n_features), verify)


def open_dataset(
    problem: str, name: str, dataset: str, batch: tuple[Any, Any, Any] | str, *, verify: bool
) -> Cell:
    """As `open_cell`, for the ``(weights, X, y)`` of a real data set, or why it is missing."""
    with outcome_of((problem, name, dataset)):
        if isinstance(batch, str):
            raise NotImplementedError(batch)
        return _prepare(_load(problem, name, *batch[1].shape), batch, verify)


def count_threads() -> int:
    """Threads that the cell may use, from GRADMARK_THREADS: all, or a number."""
    text = os.environ.get("GRADMARK_THREADS", "all")
    return _machine.count_threads() if text == "all" else int(text)


def _load(problem: str, name: str, n_samples: int, n_features: int) -> impls.Implementation:
    if name not in impls.names(problem):
        raise NotImplementedError("not in this commit")
    try:
        implementation = impls.load(problem, name)
    except impls.Unavailable as error:
        raise NotImplementedError(str(error)) from error
    reason = implementation.reason_to_skip(n_samples, n_features)
    reason = reason or _lack_of_memory(implementation, n_samples, n_features)
    if reason:
        raise NotImplementedError(reason)
    # After the import: a library's limit can be set once it is loaded.
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


def _prepare(implementation: impls.Implementation, batch: Any, verify: bool) -> Cell:
    weights, X, y = batch
    del batch  # the last reference to X once prepare has made its own
    problem = implementation.problem
    exact = impls.reference(problem, weights, X, y) if verify else None
    terms = _accuracy.terms(problem, weights, X, y) if verify else None
    X, y = implementation.prepare(X, y)
    if verify:
        error = _accuracy.compare(implementation.gradient(weights, X, y), exact, terms)
        _refuse_wrong(error, implementation.rtol)
    kernel = partial(implementation.kernel, weights, X, y)
    return Cell(implementation, weights, X, y, kernel)


def _refuse_wrong(error: float, rtol: float) -> None:
    if not error <= rtol:
        raise WrongResult(f"error {error:.1e} of the absolute terms, at most {rtol:.0e} allowed")
