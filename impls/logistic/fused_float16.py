"""`fused` on X in float16: a quarter of the bytes, 3 digits; computed in float32.

`prepare` refuses data that do not fit. Passes over X: 1, of a quarter of the bytes. Temporaries: a
float64 gradient of d values and 0.5 KB per thread; the weights in float32, if d is at most 2,000.
Order of additions: as `fused`, its 8 or 4 rows in float32.
Source: the logistic-gradient text's remark that the algorithm is limited by memory bandwidth.
"""

import numpy as np

from impls.logistic import _fused, _storage

PREPARED_COPIES = 0.25
BYTES_PER_VALUE = 2
REQUIRES = "numba"
# Half a unit in the last place of float16 is 4.9e-4 of each value of X.
RTOL = 1e-3


def prepare(X, y):
    return _fused.ready(_storage.as_half(X), y.astype(np.float32))


def gradient(weights, X, y):
    return _fused.gradient(weights, X, y)
