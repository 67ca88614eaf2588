"""oneDAL's gradient of the logistic loss, with which scikit-learn-intelex trains.

Passes over X: 1 (blocks of 512 rows, which stay in cache for their second use). Temporaries: 2
vectors of d values, and oneDAL's own. Order of additions: BLAS's within a block; oneDAL adds up the
blocks of each thread, then the threads'.
Source: daal4py, ``optimization_solver_logistic_loss``, without an intercept and penalties; its mean
made a sum. oneDAL lets no sigmoid come closer to 0 or 1 than 1e-15: the residual of a sample of
label 0 with z < -34 is 1e-15, which is wrong where no sample has a larger one.
"""

import functools

import daal4py

from impls._onedal import mean_gradient, plain
from impls._prepare import as_rows

PEER = "oneDAL"
REQUIRES = "scikit-learn-intelex"

prepare = as_rows


# To make an objective takes 2 us. It holds the data of its last call, and room for a result.
@functools.lru_cache(maxsize=1)
def _objective(n_samples, _n_features):
    return daal4py.optimization_solver_logistic_loss(numberOfTerms=n_samples, **plain)


def gradient(weights, X, y):
    return mean_gradient(_objective(*X.shape), weights, X, y) * len(y)
