"""scikit-learn's gradient, as its solvers for logistic regression call it.

Passes over X: 2. Temporaries: 3 vectors of n values, 3 of d. Order of additions: BLAS's.
Source: scikit-learn, ``LinearModelLoss.gradient`` with ``HalfBinomialLoss``, no intercept and no
penalty; a mean there, made a sum.
"""

import numpy as np

from impls.logistic._sklearn import summed_gradient

PEER = "scikit-learn"
PASSES = 2
REQUIRES = "scikit-learn"


def prepare(X, y):
    return np.ascontiguousarray(X), np.ascontiguousarray(y)


def gradient(weights, X, y):
    return summed_gradient(weights, X, y)
