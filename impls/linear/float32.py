"""The matrix form in single precision: half the bytes, 7 digits.

Passes over X: 2, of half the bytes each. Temporaries: 2 vectors of n float32 and 1 of d.
Order of additions: BLAS's; the mean is taken at the end. X and y are cast in prepare; the
gradient is float32.
Source: the linear regression of the gradient-descent text, whose tensors are float32.
"""

import numpy as np

PASSES = 2
PREPARED_COPIES = 0.5
BYTES_PER_VALUE = 4
# Half a unit in the last place is 6e-8; casting X and y costs three of it, adding 1e5 terms in
# float32 some sqrt(1e5) = 316 if nothing conspires, BLAS's blocks far less.
RTOL = 2e-5


def prepare(X, y):
    return X.astype(np.float32, order="C"), y.astype(np.float32)


def gradient(weights, X, y):
    return (X @ weights.astype(np.float32) - y) @ X / X.shape[0]
