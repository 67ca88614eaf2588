"""A Python loop over the samples with vector arithmetic inside.

Passes over X: 1 (a row stays in cache for its second use). Temporaries: one row of d values.
Order of additions: the samples' own; BLAS's within an inner product.
Source: the vectorisation text, code 2; the loop of the logistic-gradient text.
"""

import numpy as np

from impls.logistic._sigmoid import sigmoid

MAX_SAMPLES = 100_000  # some 4 us each: 0.4 s a call


def gradient(weights, X, y):
    total = np.zeros(X.shape[1])
    for i in range(X.shape[0]):
        total += (sigmoid(X[i] @ weights) - y[i]) * X[i]
    return total
