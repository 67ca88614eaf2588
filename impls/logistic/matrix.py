"""Two matrix-vector products around the sigmoid: the baseline of all speed-ups.

Passes over X: 2. Temporaries: up to 3 vectors of n values at a time. Order of additions: BLAS's.
Source: the answer of the logistic-gradient text; the vectorisation text, code 3.
"""

from impls.logistic._sigmoid import sigmoid

PEER = "NumPy"


def gradient(weights, X, y):
    return (sigmoid(X @ weights) - y) @ X
