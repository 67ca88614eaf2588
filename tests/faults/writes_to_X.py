"""Writes to X."""


def gradient(weights, X, y):
    X[0, 0] += 1e-3
    return (X @ weights - y) @ X / len(X)
