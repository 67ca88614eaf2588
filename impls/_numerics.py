"""What formulas and references compute with: blocks of rows, inner products, the sigmoid.

Implementations do not use it: they share no code with what they are compared with.
"""

from __future__ import annotations

from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

# Values of one block: 64 Ki longdoubles are 1 MiB, which stays in L2.
BLOCK_ELEMENTS = 65_536


def blocks(X: Array, width: int | None = None) -> list[slice]:
    """Slices of rows that cover X; a row counts as `width` values, by default its own."""
    n_rows = max(1, BLOCK_ELEMENTS // (width or X.shape[1]))
    return [slice(start, start + n_rows) for start in range(0, X.shape[0], n_rows)]


def inner_products(weights: Array, X: Array) -> Array:
    """``<w, x_i>`` of every sample in float64; X of another type is cast block by block."""
    weights, X = weights.astype(np.float64), np.asarray(X)
    if X.dtype == np.float64:
        return np.asarray(X @ weights)
    return np.concatenate([X[rows].astype(np.float64) @ weights for rows in blocks(X)])


def sigmoid(z: Array) -> Array:
    """``1 / (1 + exp(-z))``, written so that exp only sees numbers that are not positive."""
    decay = np.exp(-np.abs(z))
    result: Array = np.where(z >= 0, 1, decay) / (1 + decay)
    return result


def uniform(n_samples: int, n_features: int, generator: np.random.Generator) -> Array:
    """Uniform X with mean 0 and variance 1."""
    X = generator.random((n_samples, n_features))
    X -= 0.5
    X *= np.sqrt(12)  # uniform on an interval of length sqrt(12): variance 1
    return X


def standardise(X: Array) -> Array:
    """Features of mean 0 and variance 1 behind an intercept of ones; constant ones become 0."""
    spread = X.std(axis=0)
    X = (X - X.mean(axis=0)) / np.where(spread > 0, spread, 1)
    return np.column_stack([np.ones(len(X)), X])
