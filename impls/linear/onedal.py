"""oneDAL's gradient of the mean squared error, with which scikit-learn-intelex trains.

Passes over X: 1 (blocks of rows, which stay in cache for their second use). Temporaries: 2 vectors
of d values, and oneDAL's own. Order of additions: BLAS's within a block; oneDAL adds up the blocks
of each thread, then the threads'.
Source: daal4py, ``optimization_solver_mse``, without an intercept, penalties and a Gram matrix.
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
    return daal4py.optimization_solver_mse(numberOfTerms=n_samples, **plain)


def gradient(weights, X, y):
    # Neither weights of the samples nor a Gram matrix.
    return mean_gradient(_objective(*X.shape), weights, X, y, None, None)
