"""One compiled loop on all threads: a row is used for both products while it is in cache.

Passes over X: 1. Temporaries: one gradient of d values per thread, padded to whole cache lines
plus one. Order of additions: the samples' own within a thread's share, then share by share; within
an inner product by vector lanes.
Source: an epoch of the neural-network text, compiled by numba; numba's threads.
"""

from numba import get_num_threads

from impls._loops import make_parallel
from impls._prepare import as_rows
from impls.sigmoid_net._layer import layer_term

REQUIRES = "numba"

prepare = as_rows
_sum_shares = make_parallel(layer_term)


def gradient(weights, X, y):
    return _sum_shares(weights, X, y, get_num_threads())
