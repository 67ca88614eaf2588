"""The matrix form in single precision: half the bytes, 7 digits.

Passes over X: 2, of half the bytes each. Temporaries: up to 7 vectors of n float32 at a time.
Order of additions: BLAS's; the gradient is float32.
Source: `matrix`.
"""

import numpy as np

from impls._prepare import SINGLE_RTOL, as_single
from impls.sigmoid_net._layer import layer_terms

PEER = "NumPy"
PREPARED_COPIES = 0.5
BYTES_PER_VALUE = 4
# The layer and its slope round by some 10 units of 6e-8; the sums round by far more.
RTOL = SINGLE_RTOL

prepare = as_single


def gradient(weights, X, y):
    return layer_terms(X @ weights.astype(np.float32), y) @ X
