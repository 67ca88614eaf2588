"""Writes to y."""


def gradient(weights, X, y):
    y[0] += 1e-3
    return (X @ weights - y) @ X / len(X)
