"""One compiled loop on all threads: a row is used for both products while it is in cache.

Passes over X: 1. Temporaries: one gradient of d values per thread, padded to whole cache lines
plus one. Order of additions: the samples' own within a share, then share by share; within an
inner product as the vector registers give it.
Source: the linear regression of the gradient-descent text, compiled; the threads are numba's.
"""

import numpy as np
from numba import get_num_threads, njit, prange

PASSES = 1
REQUIRES = "numba"
# Sums may be reordered, so that they vectorise; infinities and NaN keep their meaning.
_FASTMATH = {"reassoc", "contract", "arcp", "nsz"}


def prepare(X, y):
    return np.ascontiguousarray(X), np.ascontiguousarray(y)


def gradient(weights, X, y):
    return _sum_shares(weights, X, y, get_num_threads()) / X.shape[0]


@njit(cache=True, error_model="numpy", fastmath=_FASTMATH)
def _add_rows(weights, X, y, start, stop, gradient):
    """Add the terms of the samples ``start <= i < stop`` to `gradient`; reads each row once."""
    n_features = X.shape[1]
    for i in range(start, stop):
        residual = -y[i]
        for j in range(n_features):
            residual += weights[j] * X[i, j]
        for j in range(n_features):
            gradient[j] += residual * X[i, j]


@njit(cache=True, parallel=True)
def _sum_shares(weights, X, y, n_shares):
    """Sum over the samples, shared out to `n_shares` threads; each adds up a row of its own.

    Rows are padded to whole cache lines and one more, so that no two threads write to one line.
    """
    n_samples, n_features = X.shape
    totals = np.zeros((n_shares, (n_features + 15) // 8 * 8))
    for share in prange(n_shares):
        start = share * n_samples // n_shares
        stop = (share + 1) * n_samples // n_shares
        _add_rows(weights, X, y, start, stop, totals[share])
    return totals[:, :n_features].sum(axis=0)
