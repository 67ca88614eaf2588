"""The matrix form in single precision: half the bytes, 7 digits.

Passes over X: 2, of half the bytes each. Temporaries: up to 7 vectors of n float32 at a time.
Order of additions: BLAS's. X and y are cast in prepare; the gradient is float32.
Source: an epoch of the neural-network text, with the sign turned.
"""

import numpy as np

from impls.sigmoid_net._layer import layer_terms

PASSES = 2
PREPARED_COPIES = 0.5
BYTES_PER_VALUE = 4
# Half a unit in the last place is 6e-8; the layer and its slope cost some ten of it, adding 1e5
# terms in float32 some sqrt(1e5) = 316 if nothing conspires, BLAS's blocks far less.
RTOL = 2e-5


def prepare(X, y):
    return X.astype(np.float32, order="C"), y.astype(np.float32)


def gradient(weights, X, y):
    return layer_terms(X @ weights.astype(np.float32), y) @ X
