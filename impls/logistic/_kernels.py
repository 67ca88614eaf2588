"""Loops that numba compiles, shared by the numba implementations."""

import math

import numpy as np
from numba import njit

# Sums may be reordered, so that they vectorise; infinities and NaN keep their meaning.
FASTMATH = {"reassoc", "contract", "arcp", "nsz"}


def as_float64_rows(X, y):
    """X in C order and y, both float64: rows that a loop reads from left to right."""
    return np.ascontiguousarray(X, dtype=np.float64), np.ascontiguousarray(y, dtype=np.float64)


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
