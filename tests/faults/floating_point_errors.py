"""Lets NumPy raise all floating-point errors."""

import numpy as np

np.seterr(all="raise")


def gradient(weights, X, y):
    return (X @ weights - y) @ X / len(X)
