"""Loops that numba compiles, shared by the numba implementations.

Compiled functions that call each other stand in this one file: numba's cache on disk does not
notice that a function in another file has changed.
"""

import math

import numpy as np
from numba import njit, prange

# Sums may be reordered, so that they vectorise; infinities and NaN keep their meaning.
FASTMATH = {"reassoc", "contract", "arcp", "nsz"}


def as_rows(X, y):
    """X and y in C order: rows that a loop reads from left to right."""
    return np.ascontiguousarray(X), np.ascontiguousarray(y)


@njit(cache=True, error_model="numpy")
def sigmoid(z):
    """``1 / (1 + exp(-z))``: exp only ever sees numbers that are not positive."""
    decay = math.exp(-abs(z))
    return (1.0 if z >= 0 else decay) / (1.0 + decay)


@njit(cache=True, error_model="numpy", nogil=True, fastmath=FASTMATH)
def add_rows(weights, X, y, start, stop, gradient):
    """Add the terms of the samples ``start <= i < stop`` to `gradient`; reads each row once."""
    n_features = X.shape[1]
    for i in range(start, stop):
        z = 0.0
        for j in range(n_features):
            z += weights[j] * X[i, j]
        residual = sigmoid(z) - y[i]
        for j in range(n_features):
            gradient[j] += residual * X[i, j]


def sum_rows(weights, X, y):
    """Gradient, by one thread."""
    n_samples, n_features = X.shape
    total = np.zeros(n_features)
    add_rows(weights, X, y, 0, n_samples, total)
    return total


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
