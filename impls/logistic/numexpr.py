"""Two matrix-vector products around numexpr's sigmoid: one threaded loop over the samples.

Passes over X: 2. Temporaries: 2 vectors of n values, and blocks that stay in cache.
Order of additions: BLAS's.
Source: the matrix form; numexpr's user guide, ``NumExpr``.
"""

import numpy as np

from impls.logistic._numexpr import residual

PEER = "numexpr"
PASSES = 2
REQUIRES = "numexpr"


def prepare(X, y):
    return np.ascontiguousarray(X), np.ascontiguousarray(y)


def gradient(weights, X, y):
    return residual(X @ weights, y) @ X
