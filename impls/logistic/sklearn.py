"""scikit-learn's gradient, as its solvers for logistic regression call it.

Passes over X: 2. Temporaries: 3 vectors of n values, 3 of d. Order of additions: BLAS's.
Source: scikit-learn, ``LinearModelLoss.gradient`` with ``HalfBinomialLoss``, no intercept and no
penalty; its mean made a sum.
"""

from impls._prepare import as_rows
from impls.logistic._sklearn import summed_gradient

PEER = "scikit-learn"
REQUIRES = "scikit-learn"

prepare = as_rows


def gradient(weights, X, y):
    return summed_gradient(weights, X, y)
