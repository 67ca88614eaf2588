"""Two matrix-vector products around numexpr's sigmoid: one threaded loop over the samples.

Passes over X: 2. Temporaries: 2 vectors of n values, and blocks that stay in cache.
Order of additions: BLAS's.
Source: `matrix`; numexpr's user guide, ``NumExpr``.
"""

from impls._prepare import as_rows
from impls.logistic._numexpr import residual

PEER = "numexpr"
REQUIRES = "numexpr"

prepare = as_rows


def gradient(weights, X, y):
    return residual(X @ weights, y) @ X
