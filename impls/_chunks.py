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
    for rows in chunk_rows(X, n_beside):
        total += gradient(weights, X[rows], y[rows])
    return total


def chunk_rows(X: Array, n_beside: int = 0) -> list[slice]:
    """Slices of rows that stay in cache, with so many values beside each."""
    n_rows = rows_per_chunk(X, n_beside)
    return [slice(start, start + n_rows) for start in range(0, len(X), n_rows)]


def rows_per_chunk(X: Array, n_beside: int = 0) -> int:
    """Number of rows that stay in cache, with so many values beside each."""
    bytes_per_row: int = (X.shape[1] + n_beside) * X.itemsize
    return max(1, chunk_bytes() // bytes_per_row)
