"""Allocates a petabyte."""

import numpy as np


def gradient(weights, X, y):
    np.empty(10**15 // 8)
    return (X @ weights - y) @ X / len(X)
