"""One compiled loop on all threads: a row is used for its logits and its terms while in cache.

Passes over X: 1. Temporaries: one gradient of K x d values and a cache line per thread, K logits.
Order of additions: the samples' own within a share, then share by share; within an inner product
as the vector registers give it.
Source: the softmax text's functions, fused and compiled; the threads are numba's.
"""

import numpy as np
from numba import get_num_threads

from impls.softmax._kernels import mean_of_shares

PASSES = 1
REQUIRES = "numba"


def prepare(X, y):
    return np.ascontiguousarray(X), np.ascontiguousarray(y)


def gradient(weights, X, y):
    return mean_of_shares(np.ascontiguousarray(weights), X, y, get_num_threads())
