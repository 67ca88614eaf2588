"""The matrix form with one sample per column in memory: each feature is contiguous.

Passes over X: 2. Temporaries: up to 3 vectors of n values at a time. Order of additions: BLAS's.
Layout: `prepare` copies X to Fortran order, that is, ``X.T`` (n_features, n_samples) in C order.
Source: the vectorisation text, code 3: ``x * (y - sigmoid(theta' * x))``, the sign turned.
"""

import numpy as np

from impls.logistic._sigmoid import sigmoid

PREPARED_COPIES = 1


def prepare(X, y):
    return np.asfortranarray(X), y


def gradient(weights, X, y):
    x = X.T
    return x @ (sigmoid(weights @ x) - y)
