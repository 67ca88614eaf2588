"""Returns a promise: an array that is computed when it is first read."""

import numpy as np


class Promise:
    def __init__(self, compute):
        self.compute = compute

    def __array__(self, dtype=None, copy=None):
        return np.asarray(self.compute(), dtype)


def gradient(weights, X, y):
    return Promise(lambda: (X @ weights - y) @ X / len(X))
