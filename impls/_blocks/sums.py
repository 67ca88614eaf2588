"""What is computed on one block of rows, and how the blocks' results make one.

Each result is a tuple of sums over the samples: a kernel that returns means has them multiplied by
the block's samples, and `finish` divides by all of them.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
Sums = tuple[Any, ...]

FAN_IN = 8  # results that one task of a tree adds


@dataclass(frozen=True)
class Block:
    """Prepared rows of X and their labels.

    Attributes
    ----------
    start : int
        Number of the first row.
    samples : ndarray, optional
        Distance of each row from the first, where they do not follow each other.
    """

    X: Any
    y: Any
    start: int
    samples: Array | None = None

    @property
    def n_samples(self) -> int:
        """Rows of the block."""
        return int(self.X.shape[0])


@dataclass(frozen=True)
class Work:
    """What to compute on each block.

    Attributes
    ----------
    kernel : Implementation
        Of the table; pickled by its name.
    part : str
        ``gradient``, ``loss_gradient``, ``evaluate`` or ``make_hessian``.
    weights : ndarray
    intercept : float or ndarray
        Added to each inner product.
    direction : tuple
        Vector and number that the Hessian is multiplied by.
    """

    kernel: Any
    part: str
    weights: Array
    intercept: Any = 0.0
    direction: tuple[Any, Any] | None = None

    def on(self, block: Block, sample_weight: Array | None = None) -> Sums:
        """Sums over a block's samples.

        Raises
        ------
        ValueError
            If a sum is not a finite number because a value of the block is none: names its row.
        """
        result = _PARTS[self.part](self, block, sample_weight)
        if not all(np.isfinite(each).all() for each in result) and np.isfinite(self.weights).all():
            _check_finite(block)
        if is_mean(self.kernel.problem):
            result = tuple(each * block.n_samples for each in result)
        return result

    def finish(self, sums: Sums, n_samples: int) -> Sums:
        """The problem's own sums or means."""
        if is_mean(self.kernel.problem):
            return tuple(each / n_samples for each in sums)
        return sums


def is_mean(problem: str) -> bool:
    """Whether the problem's loss is a mean over the samples."""
    return bool(importlib.import_module(f"impls.{problem}").AVERAGED)


def add(parts: Iterable[Sums]) -> Sums:
    """Sum of results, one after the other."""
    parts = iter(parts)
    total = tuple(np.array(each, dtype=np.float64) for each in next(parts))
    for part in parts:
        for mine, other in zip(total, part, strict=True):
            mine += other
    return total


def _gradient(work: Work, block: Block, sample_weight: Array | None) -> Sums:
    return (work.kernel.kernel(work.weights, block.X, block.y),)


def _loss_gradient(work: Work, block: Block, sample_weight: Array | None) -> Sums:
    loss, gradient = work.kernel.loss_gradient(work.weights, block.X, block.y)
    return loss, gradient


def _evaluate(work: Work, block: Block, sample_weight: Array | None) -> Sums:
    evaluate = work.kernel.parts["evaluate"]
    result: Sums = evaluate(work.weights, block.X, block.y, sample_weight, work.intercept)
    return result


def _hessian_vector(work: Work, block: Block, sample_weight: Array | None) -> Sums:
    make = work.kernel.parts["make_hessian"]
    product = make(work.weights, block.X, block.y, sample_weight, work.intercept)
    result: Sums = product(*(work.direction or ()))
    return result


_PARTS: dict[str, Callable[[Work, Block, Array | None], Sums]] = {
    "gradient": _gradient,
    "loss_gradient": _loss_gradient,
    "evaluate": _evaluate,
    "make_hessian": _hessian_vector,
}


def _check_finite(block: Block) -> None:
    """Refuse a block that holds NaN or an infinity, and name its first such row."""
    for name, values in (("X", block.X), ("y", block.y)):
        finite = np.isfinite(np.asarray(values)).reshape(block.n_samples, -1).all(axis=1)
        if not finite.all():
            row = int(np.argmin(finite))
            row = block.start + (row if block.samples is None else int(block.samples[row]))
            raise ValueError(
                f"{name} is not finite in row {row:,}, counted from 0, expected "
                "finite numbers: fill it in, or drop the row"
            )
