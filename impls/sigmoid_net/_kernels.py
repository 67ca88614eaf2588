"""Loops that numba compiles, for one gradient and for a whole training.

Compiled functions that call each other stand in this one file: numba's cache on disk does not
notice that a function in another file has changed.
"""

import math

import numpy as np
from numba import njit, prange

# Sums may be reordered, so that they vectorise; infinities and NaN keep their meaning.
FASTMATH = {"reassoc", "contract", "arcp", "nsz"}


@njit(cache=True, error_model="numpy")
def layer_term(z, y):
    """``(layer - y) * layer * (1 - layer)`` with ``layer = sigmoid(z)``; see `_layer`."""
    decay = math.exp(-abs(z))
    upper = 1.0 / (1.0 + decay)
    lower = decay * upper
    return ((upper if z >= 0 else lower) - y) * (upper * lower)


@njit(cache=True, error_model="numpy", nogil=True, fastmath=FASTMATH)
def add_rows(weights, X, y, start, stop, gradient):
    """Add the terms of the samples ``start <= i < stop`` to `gradient`; reads each row once."""
    n_features = X.shape[1]
    for i in range(start, stop):
        z = 0.0
        for j in range(n_features):
            z += weights[j] * X[i, j]
        term = layer_term(z, y[i])
        for j in range(n_features):
            gradient[j] += term * X[i, j]


@njit(cache=True, parallel=True)
def sum_shares(weights, X, y, n_shares):
    """Gradient, the samples shared out to `n_shares` threads; each adds up a row of its own.

    Rows are padded to whole cache lines and one more, so that no two threads write to one line.
    """
    n_samples, n_features = X.shape
    totals = np.zeros((n_shares, (n_features + 15) // 8 * 8))
    for share in prange(n_shares):
        start = share * n_samples // n_shares
        stop = (share + 1) * n_samples // n_shares
        add_rows(weights, X, y, start, stop, totals[share])
    return totals[:, :n_features].sum(axis=0)


@njit(cache=True, nogil=True)
def descend(weights, X, y, n_epochs):
    """Subtract the gradient from `weights`, in place, `n_epochs` times."""
    gradient = np.empty(weights.shape)
    for _ in range(n_epochs):
        gradient[:] = 0
        add_rows(weights, X, y, 0, X.shape[0], gradient)
        weights -= gradient
