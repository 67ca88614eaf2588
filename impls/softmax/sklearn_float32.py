"""scikit-learn's gradient in single precision.

Passes over X: 2, of half the bytes each. Temporaries: 2 tables of n x K float32, 2 of K x d.
Order of additions: BLAS's; the gradient is float32. `prepare` casts, the labels too.
Source: scikit-learn, as `sklearn`.
"""

import numpy as np

from impls._prepare import SINGLE_RTOL, single_rows
from impls.softmax._sklearn import gradient as _gradient

PEER = "scikit-learn"
PREPARED_COPIES = 0.5
BYTES_PER_VALUE = 4
RTOL = SINGLE_RTOL
REQUIRES = "scikit-learn"


def prepare(X, y):
    return single_rows(X), y.astype(np.float32)  # exact: labels are below 2^16


def gradient(weights, X, y):
    return _gradient(weights.astype(np.float32), X, y)
