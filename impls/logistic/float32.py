"""The matrix form in single precision: half the bytes, 7 digits.

Passes over X: 2, of half the bytes each. Temporaries: up to 3 vectors of n float32.
Order of additions: BLAS's; the gradient is float32.
Source: `matrix`.
"""

import numpy as np

from impls._prepare import SINGLE_RTOL, as_single
from impls.logistic._sigmoid import sigmoid

PEER = "NumPy"
PREPARED_COPIES = 0.5
BYTES_PER_VALUE = 4
RTOL = SINGLE_RTOL

prepare = as_single


def gradient(weights, X, y):
    return (sigmoid(X @ weights.astype(np.float32)) - y) @ X
