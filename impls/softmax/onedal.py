"""oneDAL's gradient of the cross-entropy, with which scikit-learn-intelex trains.

Passes over X: 1 (blocks of rows, which stay in cache for their second use). Temporaries: 2 copies
of the weights, and oneDAL's own. Order of additions: BLAS's within a block; oneDAL adds up the
blocks of each thread, then the threads'.
Source: daal4py, ``optimization_solver_cross_entropy_loss``, without an intercept and penalties. It
takes 3 classes or more. For 2 there is ``optimization_solver_logistic_loss``: its weights are the
difference of the classes', and the gradients of the classes differ in sign alone. It lets no
probability come closer to 0 or 1 than 1e-15.
"""

import functools

import daal4py
import numpy as np

from impls._onedal import mean_gradient, plain
from impls._prepare import as_rows

PEER = "oneDAL"
REQUIRES = "scikit-learn-intelex"

prepare = as_rows


# To make an objective takes 2 us. It holds the data of its last call, and room for a result.
@functools.lru_cache(maxsize=1)
def _objective(n_samples, _n_features, n_classes):
    if n_classes == 2:
        return daal4py.optimization_solver_logistic_loss(numberOfTerms=n_samples, **plain)
    return daal4py.optimization_solver_cross_entropy_loss(
        nClasses=n_classes, numberOfTerms=n_samples, **plain
    )


def gradient(weights, X, y):
    n_classes = len(weights)
    if n_classes == 1:  # the probability is 1 whatever the weights
        return np.zeros(weights.shape)
    objective = _objective(*X.shape, n_classes)
    if n_classes == 2:
        second = mean_gradient(objective, weights[1] - weights[0], X, y)
        return np.stack([-second, second])
    return mean_gradient(objective, weights, X, y)
