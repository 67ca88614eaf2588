"""Turns warnings into errors."""

import warnings

warnings.simplefilter("error")


def gradient(weights, X, y):
    return (X @ weights - y) @ X / len(X)
