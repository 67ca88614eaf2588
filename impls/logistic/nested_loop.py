"""Two nested Python loops: every sample, then every feature, one number at a time.

Passes over X: 1. Temporaries: none but the gradient itself (d values).
Order of additions: the samples' own.
Source: the vectorisation text, code 1, the sign turned.
"""

import numpy as np

from impls.logistic._residual import residual

MAX_ELEMENTS = 200_000  # some 0.2 us each: 40 ms a call


def gradient(weights, X, y):
    n_samples, n_features = X.shape
    total = np.zeros(n_features)
    for i in range(n_samples):
        z = 0.0
        for j in range(n_features):
            z += weights[j] * X[i, j]
        factor = residual(z, y[i])
        for j in range(n_features):
            total[j] += factor * X[i, j]
    return total
