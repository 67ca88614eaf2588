"""Replaces NumPy's asarray."""

import numpy as np

np.asarray = None


def gradient(weights, X, y):
    return (X @ weights - y) @ X / len(X)
