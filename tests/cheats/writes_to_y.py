"""Writes its residuals over the labels."""


def gradient(weights, X, y):
    residuals = X @ weights - y
    y[:] = 0
    return residuals @ X / len(X)
