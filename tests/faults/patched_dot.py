"""Replaces NumPy's dot."""

import numpy as np

np.dot = None


def gradient(weights, X, y):
    return (X @ weights - y) @ X / len(X)
