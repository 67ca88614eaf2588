"""What problems with one number per sample share: ``gradient = sum_i r(<w, x_i>, y_i) x_i``.

A problem states its residual r, the derivative of a sample's loss by its inner product, and the
size of its absolute terms; the loops over blocks of rows are here. Implementations do not use it:
they share no code with what they are compared with.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from impls import _numerics
from impls._checks import check_call, expect_shape

Array = np.ndarray[Any, Any]


def check_shapes(weights: Array, X: Array, y: Array) -> None:
    """Refuse weights and labels whose shapes do not match X.

    Raises
    ------
    TypeError, ValueError
        Names the argument, its shape or dtype and what was expected.
    """
    _, n_features = check_call(weights, X, y)
    expect_shape("weights", weights, (n_features,), "(n_features,) of X")


def zero_weights(X: Array, y: Array) -> Array:
    """Weights to start training from: a zero per feature."""
    return np.zeros(X.shape[1])


def compulsory_bytes(n_samples: int, n_features: int, bytes_per_value: int = 8) -> int:
    """Least bytes that one gradient must move: X and y once, weights in and gradient out."""
    return bytes_per_value * (n_samples * n_features + n_samples + 2 * n_features)


def draw_binary(
    n_samples: int, n_features: int, generator: np.random.Generator
) -> tuple[Array, Array, Array]:
    """Uniform X with variance 1, weights that give ``<w, x>`` variance 1, fair labels 0 and 1."""
    X = _numerics.uniform(n_samples, n_features, generator)
    y = generator.integers(0, 2, n_samples).astype(np.float64)
    return generator.standard_normal(n_features) / np.sqrt(n_features), X, y


def exact_sum(
    residual: Callable[[Array, Array], Array], weights: Array, X: Array, y: Array
) -> Array:
    """Sum over the samples of ``residual(<w, x>, y) x`` in longdouble.

    Parameters
    ----------
    residual : callable
        ``residual(z, y)`` of a block's inner products and labels, both in longdouble.
    weights, X, y : ndarray
        Of any real dtype; only a block of rows of X is ever copied.
    """
    weights = weights.astype(np.longdouble)
    total = np.zeros_like(weights)
    for rows in _numerics.blocks(X):
        block = X[rows].astype(np.longdouble)
        total += residual(block @ weights, y[rows].astype(np.longdouble)) @ block
    return total


def absolute_sum(
    size: Callable[[Array, Array, Array], Array], weights: Array, X: Array, y: Array
) -> Array:
    """Sum over the samples of ``size(<w, x>, y, spread) |x|`` in float64, one value per feature.

    Parameters
    ----------
    size : callable
        ``size(z, y, spread)``: sum of the absolute terms that make a sample's residual, and what
        rounding of z does to it. ``spread = sum_k |w_k x_k|`` is the unit of that rounding.
    weights, X, y : ndarray
        As in `exact_sum`.
    """
    weights = weights.astype(np.float64)
    total = np.zeros(weights.shape)
    for rows in _numerics.blocks(X):
        block = X[rows].astype(np.float64)
        z = block @ weights
        np.abs(block, out=block)
        total += size(z, y[rows].astype(np.float64), block @ np.abs(weights)) @ block
    return total
