"""Writes to weights."""


def gradient(weights, X, y):
    weights[0] += 1e-3
    return (X @ weights - y) @ X / len(X)
