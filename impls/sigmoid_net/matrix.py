"""Two matrix-vector products around the layer and its slope: the baseline of all speed-ups.

Passes over X: 2. Temporaries: up to 7 vectors of n values at a time. Order of additions: BLAS's.
Source: an epoch of the neural-network text, the sign turned, with a layer that does not overflow.
"""

from impls.sigmoid_net._layer import layer_terms

PEER = "NumPy"


def gradient(weights, X, y):
    return layer_terms(X @ weights, y) @ X
