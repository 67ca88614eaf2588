"""The loop over the samples that numba compiles.

Compiled functions that call each other stand in this one file: numba's cache on disk does not
notice that a function in another file has changed.
"""

import math

import numpy as np
from numba import njit, prange

# Sums may be reordered, so that they vectorise; infinities and NaN keep their meaning.
FASTMATH = {"reassoc", "contract", "arcp", "nsz"}


@njit(cache=True, error_model="numpy")
def subtract_softmax(z, label):
    """Turn logits into residuals ``softmax(z) - onehot(label)``; exp sees no positive number."""
    largest = z.max()
    total = 0.0
    for k in range(len(z)):
        z[k] = math.exp(z[k] - largest)
        total += z[k]
    for k in range(len(z)):
        z[k] /= total
    z[label] -= 1.0


@njit(cache=True, error_model="numpy", nogil=True, fastmath=FASTMATH)
def add_rows(weights, X, y, start, stop, gradient):
    """Add the terms of the samples ``start <= i < stop`` to `gradient`; reads each row once.

    Both inner loops run over the features, which are contiguous in X, weights and gradient. Four
    samples at a time share each load of the weights and of the gradient; the last four are filled
    up with the last sample, its residuals set to 0.
    """
    n_classes, n_features = weights.shape
    z = np.empty((4, n_classes))
    for i in range(start, stop, 4):
        a, b = X[i], X[min(i + 1, stop - 1)]
        c, d = X[min(i + 2, stop - 1)], X[min(i + 3, stop - 1)]
        for k in range(n_classes):
            row = weights[k]
            z_a = z_b = z_c = z_d = 0.0
            for j in range(n_features):
                z_a += row[j] * a[j]
                z_b += row[j] * b[j]
                z_c += row[j] * c[j]
                z_d += row[j] * d[j]
            z[0, k], z[1, k], z[2, k], z[3, k] = z_a, z_b, z_c, z_d
        for s in range(4):
            if i + s < stop:
                subtract_softmax(z[s], y[i + s])
            else:
                z[s] = 0.0
        for k in range(n_classes):
            row = gradient[k]
            r_a, r_b, r_c, r_d = z[0, k], z[1, k], z[2, k], z[3, k]
            for j in range(n_features):
                row[j] += r_a * a[j] + r_b * b[j] + r_c * c[j] + r_d * d[j]


@njit(cache=True, parallel=True)
def mean_of_shares(weights, X, y, n_shares):
    """Gradient, the samples shared out to `n_shares` threads, each with a table of its own.

    Tables are at least a cache line apart, so that no two threads write to one line.
    """
    n_samples, n_features = X.shape
    n_classes = weights.shape[0]
    totals = np.zeros((n_shares, n_classes * n_features + 8))
    for share in prange(n_shares):
        start = share * n_samples // n_shares
        stop = (share + 1) * n_samples // n_shares
        table = totals[share, : n_classes * n_features].reshape((n_classes, n_features))
        add_rows(weights, X, y, start, stop, table)
    mean = np.zeros((n_classes, n_features))
    for share in range(n_shares):  # numba compiles ``sum(axis=0)`` for a second
        for k in range(n_classes):
            for j in range(n_features):
                mean[k, j] += totals[share, k * n_features + j] / n_samples
    return mean
