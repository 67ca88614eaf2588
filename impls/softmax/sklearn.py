"""scikit-learn's gradient, as its solvers for multinomial logistic regression call it.

Passes over X: 2. Temporaries: 2 tables of n x K values, 2 of K x d. Order of additions: BLAS's.
`prepare` makes the labels floats, as scikit-learn's loop takes them.
Source: scikit-learn, ``LinearModelLoss.gradient`` with ``HalfMultinomialLoss``, no intercept and no
penalty.
"""

import numpy as np

from impls.softmax._sklearn import gradient

PEER = "scikit-learn"
REQUIRES = "scikit-learn"

__all__ = ["gradient", "prepare"]


def prepare(X, y):
    return np.ascontiguousarray(X), y.astype(np.float64)
