"""A Python loop over the samples with vector arithmetic inside.

Passes over X: 1 (a row stays in cache for its second use). Temporaries: one row of d values.
Order of additions: the samples' own; BLAS's within an inner product.
Source: an epoch of the neural-network text, sample by sample.
"""

import numpy as np

from impls.sigmoid_net._layer import layer_term

MAX_SAMPLES = 100_000  # some 3 us each: 0.3 s a call


def gradient(weights, X, y):
    total = np.zeros(X.shape[1])
    for i in range(X.shape[0]):
        total += layer_term(X[i] @ weights, y[i]) * X[i]
    return total
