"""The matrix form in single precision: half the bytes, 7 digits.

Passes over X: 2, of half the bytes each. Temporaries: up to 3 vectors of n float32.
Order of additions: BLAS's. X and y are cast in prepare; the gradient is float32.
Source: the answer of the logistic-gradient text.
"""

import numpy as np

from impls.logistic._sigmoid import sigmoid

PEER = "NumPy"
PASSES = 2
PREPARED_COPIES = 0.5
BYTES_PER_VALUE = 4
# Half a unit in the last place is 6e-8; casting X and adding 1e5 terms in float32 costs some
# sqrt(1e5) = 316 of it in the worst measured order, BLAS's blocks far less.
RTOL = 2e-5


def prepare(X, y):
    return X.astype(np.float32, order="C"), y.astype(np.float32)


def gradient(weights, X, y):
    return (sigmoid(X @ weights.astype(np.float32)) - y) @ X
