"""The compiled loop on all threads: each adds up its own share of the samples.

Passes over X: 1. Temporaries: one gradient of d values per thread, padded to whole cache lines
plus one. Order of additions: the samples' own within a share, then share by share.
Source: code 1 of the vectorisation text, compiled; the threads are numba's.
"""

from numba import get_num_threads

from impls.logistic._kernels import as_rows, sum_shares

REQUIRES = "numba"

prepare = as_rows


def gradient(weights, X, y):
    return sum_shares(weights, X, y, get_num_threads())
