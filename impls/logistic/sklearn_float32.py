"""scikit-learn's gradient in single precision.

Passes over X: 2, of half the bytes each. Temporaries: 3 vectors of n float32, 3 of d.
Order of additions: BLAS's. X and y are cast in prepare; the gradient is float32.
Source: scikit-learn, ``LinearModelLoss.gradient`` with ``HalfBinomialLoss``, no intercept and no
penalty; a mean there, made a sum.
"""

import numpy as np

from impls.logistic._sklearn import summed_gradient

PEER = "scikit-learn"
PASSES = 2
PREPARED_COPIES = 0.5
BYTES_PER_VALUE = 4
# The cast of X and float32 sums: see float32.
RTOL = 2e-5
REQUIRES = "scikit-learn"


def prepare(X, y):
    return X.astype(np.float32, order="C"), y.astype(np.float32)


def gradient(weights, X, y):
    return summed_gradient(weights.astype(np.float32), X, y)
