"""One compiled loop on all threads: a row is used for both products while it is in cache.

Passes over X: 1. Temporaries: one gradient of d values per thread, padded to whole cache lines
plus one. Order of additions: the samples' own within a share, then share by share; within an
inner product as the vector registers give it.
Source: an epoch of the neural-network text, compiled; the threads are numba's.
"""

import numpy as np
from numba import get_num_threads

from impls.sigmoid_net._kernels import sum_shares

PASSES = 1
REQUIRES = "numba"


def prepare(X, y):
    return np.ascontiguousarray(X), np.ascontiguousarray(y)


def gradient(weights, X, y):
    return sum_shares(weights, X, y, get_num_threads())
