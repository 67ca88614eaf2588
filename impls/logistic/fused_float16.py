"""`fused` on X in float16: a quarter of the bytes, 3 digits; computed in float32.

`prepare` refuses data that do not fit. Passes over X: 1, of a quarter of the bytes.
Temporaries: of up to 512 samples per thread, a float32 gradient of d values per thread; of more,
a float64 gradient, and up to 1,000 features float32 weights and gradient; 0.5 KB per thread.
Order of additions: as `fused`, up to 512 rows in float32.
Source: the logistic-gradient text's remark that the algorithm is limited by memory bandwidth.
"""

import numpy as np

from impls._onepass.storage import as_half, require_half
from impls._onepass.threads import fused_gradient, ready

require_half()

PREPARED_COPIES = 0.25
BYTES_PER_VALUE = 2
REQUIRES = "numba"
# Half a unit in the last place of float16 is 4.9e-4 of each value of X.
RTOL = 1e-3

_BITS = np.dtype(np.uint16)  # numba has no arrays of float16


def prepare(X, y):
    X, y = ready(as_half(X).view(_BITS), y.astype(np.float32))
    return X.view(np.float16), y


def gradient(weights, X, y):
    return fused_gradient(weights, X.view(_BITS), y)
