"""`fused` in single precision: half the bytes, 7 digits; the gradient is added up in float64.

Passes over X: 1, of half the bytes. Temporaries: a float64 gradient of d values and 128 bytes per
thread; the weights in float32, if d is at most 2,000. Order of additions: as `fused`, its 8 or 4
rows in float32. X and y are cast in prepare.
Source: the logistic-gradient text's remark that the algorithm is limited by memory bandwidth.
"""

import numpy as np

from impls.logistic import _fused

PREPARED_COPIES = 0.5
BYTES_PER_VALUE = 4
REQUIRES = "numba"
# Casting X and weights: half a unit in the last place is 6e-8 of each product. Sums in float32 are
# of d products, in 8 lanes, and of 8 rows.
RTOL = 1e-6


def prepare(X, y):
    return _fused.ready(X.astype(np.float32), y.astype(np.float32))


def gradient(weights, X, y):
    return _fused.gradient(weights, X, y)
