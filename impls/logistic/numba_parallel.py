"""The compiled loop on all threads: each adds up its own share of the samples.

Passes over X: 1. Temporaries: one gradient of d values per thread, padded to whole cache lines
plus one so that no two threads write to one line.
Order of additions: the samples' own within a share, then share by share.
Source: code 1 of the vectorisation text, compiled; the threads are numba's.
"""

import numpy as np
from numba import get_num_threads, njit, prange

from impls.logistic._kernels import add_rows, as_float64_rows

REQUIRES = "numba"

prepare = as_float64_rows


def gradient(weights, X, y):
    return _gradient(weights, X, y, get_num_threads())


@njit(cache=True, parallel=True)
def _gradient(weights, X, y, n_shares):
    n_samples, n_features = X.shape
    totals = np.zeros((n_shares, (n_features + 15) // 8 * 8))
    for share in prange(n_shares):
        start = share * n_samples // n_shares
        stop = (share + 1) * n_samples // n_shares
        add_rows(weights, X, y, start, stop, totals[share])
    return totals[:, :n_features].sum(axis=0)
