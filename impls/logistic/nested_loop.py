"""Two nested Python loops: every sample, then every feature, one number at a time.

Passes over X: 1. Temporaries: none but the gradient itself (d values).
Order of additions: the samples' own.
Source: code 1 of the vectorisation text, which calls it horribly slow, with the sign turned.
"""

import math

import numpy as np

THREADS = 1
MAX_ELEMENTS = 200_000  # some 0.2 us each: 40 ms a call


def gradient(weights, X, y):
    n_samples, n_features = X.shape
    total = np.zeros(n_features)
    for i in range(n_samples):
        z = 0.0
        for j in range(n_features):
            z += weights[j] * X[i, j]
        residual = _sigmoid(z) - y[i]
        for j in range(n_features):
            total[j] += residual * X[i, j]
    return total


def _sigmoid(z):
    decay = math.exp(-abs(z))
    return (1.0 if z >= 0 else decay) / (1.0 + decay)
