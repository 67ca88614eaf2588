"""One compiled loop on all threads: a row is used for its logits and its terms while in cache.

Passes over X: 1. Temporaries: one gradient of K x d values and a cache line per thread, K logits.
Order of additions: the samples' own within a thread's share, then share by share; within an inner
product by vector lanes.
Source: the softmax text's functions, fused and compiled by numba; numba's threads.
"""

import numpy as np
from numba import get_num_threads

from impls._prepare import as_rows
from impls.softmax._kernels import mean_of_shares

REQUIRES = "numba"

prepare = as_rows


def gradient(weights, X, y):
    return mean_of_shares(np.ascontiguousarray(weights), X, y, get_num_threads())
