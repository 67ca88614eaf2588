"""The matrix form in single precision: half the bytes, 7 digits.

Passes over X: 2, of half the bytes each. Temporaries: n x K float32 logits, overwritten by the
residuals, and up to 2 vectors of n values. Order of additions: BLAS's; the gradient is float32.
Source: `matrix`.
"""

import numpy as np

from impls._prepare import SINGLE_RTOL, as_single
from impls.softmax._softmax import softmax

PEER = "NumPy"
PREPARED_COPIES = 0.5
BYTES_PER_VALUE = 4
RTOL = SINGLE_RTOL

prepare = as_single


def gradient(weights, X, y):
    residual = softmax(X @ weights.astype(np.float32).T, axis=1)
    residual[np.arange(len(y)), y] -= 1
    return residual.T @ X / np.float32(len(y))
