"""Blocks of rows that stay in cache between their two uses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from impls._machine import chunk_bytes

Array = np.ndarray[Any, Any]


def add_chunks(
    gradient: Callable[[Array, Array, Array], Array],
    weights: Array,
    X: Array,
    y: Array,
    n_beside: int = 0,
) -> Array:
    """Sum of ``gradient(weights, rows, labels)`` over blocks of rows, in float64.

    Parameters
    ----------
    gradient : callable
        Of a block, in the shape of the weights; not a mean.
    weights, X, y : ndarray
    n_beside : int
        Values per row that share the cache with X's, such as a row of logits.
    """
    total: Array = np.zeros(weights.shape)
    n_rows = max(1, chunk_bytes() // ((X.shape[1] + n_beside) * X.itemsize))
    for start in range(0, len(y), n_rows):
        total += gradient(weights, X[start : start + n_rows], y[start : start + n_rows])
    return total
