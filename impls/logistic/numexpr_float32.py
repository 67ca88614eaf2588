"""The matrix form around numexpr's sigmoid, in single precision.

Passes over X: 2, of half the bytes each. Temporaries: 2 vectors of n float32, and blocks that
stay in cache. Order of additions: BLAS's. X and y are cast in prepare; the gradient is float32.
Source: the matrix form; numexpr's user guide, ``NumExpr``.
"""

import numpy as np

from impls.logistic._numexpr import residual

PEER = "numexpr"
PASSES = 2
PREPARED_COPIES = 0.5
BYTES_PER_VALUE = 4
# The cast of X and float32 sums: see float32.
RTOL = 2e-5
REQUIRES = "numexpr"


def prepare(X, y):
    return X.astype(np.float32, order="C"), y.astype(np.float32)


def gradient(weights, X, y):
    return residual(X @ weights.astype(np.float32), y) @ X
