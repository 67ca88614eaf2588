"""Returns the same buffer from every call."""

import numpy as np

buffers = {}


def gradient(weights, X, y):
    out = buffers.setdefault(X.shape, np.empty(X.shape[1]))
    np.divide((X @ weights - y) @ X, len(X), out=out)
    return out
