"""scikit-learn's gradient of the squared error, as its solvers for linear models call it.

Passes over X: 2. Temporaries: 2 vectors of n values, 2 of d. Order of additions: BLAS's.
Source: scikit-learn, ``LinearModelLoss.gradient`` with ``HalfSquaredError``, no intercept and no
penalty.
"""

from sklearn._loss import HalfSquaredError

from impls._prepare import as_rows
from impls._sklearn import make_gradient

PEER = "scikit-learn"
REQUIRES = "scikit-learn"

prepare = as_rows
gradient = make_gradient(HalfSquaredError())
