"""scikit-learn's gradient, as its solvers for Poisson regression call it.

Passes over X: 2. Temporaries: 2 vectors of n values, 2 of d. Order of additions: BLAS's.
Source: scikit-learn, ``LinearModelLoss.gradient`` with ``HalfPoissonLoss``, no intercept and no
penalty.
"""

from sklearn._loss import HalfPoissonLoss

from impls._prepare import as_rows
from impls._sklearn import make_gradient

PEER = "scikit-learn"
REQUIRES = "scikit-learn"

prepare = as_rows
gradient = make_gradient(HalfPoissonLoss())
