"""Labels of prepared rows: what the checks of a call ask of y, without y."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Labels:
    """Shape and range of a y that lies elsewhere."""

    shape: tuple[int, ...]
    least: float
    most: float

    def __len__(self) -> int:
        """Number of labels."""
        return self.shape[0]

    def min(self) -> float:
        """Smallest label."""
        return self.least

    def max(self) -> float:
        """Largest label."""
        return self.most


def labels_of(n_samples: int, ranges: Sequence[tuple[float, float]]) -> Labels:
    """Labels of blocks, each with its smallest and its largest label."""
    return Labels((n_samples,), min(least for least, _ in ranges), max(most for _, most in ranges))


def range_of(problem: str, y: Array, start: int = 0) -> tuple[float, float]:
    """Smallest and largest label of a block that the problem accepts.

    Raises
    ------
    TypeError, ValueError
        As the problem's ``check``, with the number of the block's first row.
    """
    no_X = np.broadcast_to(np.zeros((1, 1)), (len(y), 1))  # labels are checked, X is not
    try:
        importlib.import_module(f"impls.{problem}").check(no_X, y)
        finite = np.isfinite(y).all()
    except ValueError as error:
        raise ValueError(f"{error}; y begins with row {start:,}") from None
    if not finite:
        row = start + int(np.argmin(np.isfinite(y)))
        raise ValueError(f"y is not finite in row {row:,}, counted from 0, expected a number")
    return float(y.min()), float(y.max())
