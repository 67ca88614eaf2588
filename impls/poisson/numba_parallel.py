"""One compiled loop on all threads: a row is used for both products while it is in cache.

Passes over X: 1. Temporaries: one gradient of d values per thread, padded to whole cache lines
plus one. Order of additions: the samples' own within a thread's share, then share by share; within
an inner product by vector lanes.
Source: McCullagh and Nelder's score, sample by sample, compiled by numba; numba's threads.
"""

import math

from numba import get_num_threads

from impls._loops import make_parallel
from impls._prepare import as_rows

REQUIRES = "numba"


def _residual(z, y):
    return math.exp(z) - y


prepare = as_rows
_sum_shares = make_parallel(_residual)


def gradient(weights, X, y):
    return _sum_shares(weights, X, y, get_num_threads()) / X.shape[0]
