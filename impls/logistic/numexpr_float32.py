"""The matrix form around numexpr's sigmoid, in single precision.

Passes over X: 2, of half the bytes each. Temporaries: 2 vectors of n float32, and blocks that
stay in cache. Order of additions: BLAS's; the gradient is float32.
Source: `matrix`; numexpr's user guide, ``NumExpr``.
"""

import numpy as np

from impls._prepare import SINGLE_RTOL, as_single
from impls.logistic._numexpr import residual

PEER = "numexpr"
PREPARED_COPIES = 0.5
BYTES_PER_VALUE = 4
RTOL = SINGLE_RTOL
REQUIRES = "numexpr"

prepare = as_single


def gradient(weights, X, y):
    return residual(X @ weights.astype(np.float32), y) @ X
