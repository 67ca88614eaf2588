"""The matrix form in single precision: half the bytes, 7 digits.

Passes over X: 2, of half the bytes each. Temporaries: 2 vectors of n float32 and 1 of d.
Order of additions: BLAS's, then the division by n; the gradient is float32.
Source: `matrix`, in the precision of the gradient-descent text's tensors.
"""

import numpy as np

from impls._prepare import SINGLE_RTOL, as_single

PEER = "NumPy"
PREPARED_COPIES = 0.5
BYTES_PER_VALUE = 4
RTOL = SINGLE_RTOL

prepare = as_single


def gradient(weights, X, y):
    return (X @ weights.astype(np.float32) - y) @ X / X.shape[0]
