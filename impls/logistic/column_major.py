"""The matrix form with one sample per column in memory: each feature is contiguous.

Passes over X: 2. Temporaries: up to 3 vectors of n values at a time.
Order of additions: BLAS's. Layout: X in Fortran order, that is, ``X.T`` (n_features, n_samples)
in C order, the vectorisation text's ``x``; a copy made in prepare.
Source: code 3 of the vectorisation text, ``x * (y - sigmoid(theta' * x))``, with the sign turned.
"""

import numpy as np

from impls.logistic._sigmoid import sigmoid

PASSES = 2
PREPARED_COPIES = 1


def prepare(X, y):
    return np.asfortranarray(X), y


def gradient(weights, X, y):
    x = X.T
    return x @ (sigmoid(weights @ x) - y)
