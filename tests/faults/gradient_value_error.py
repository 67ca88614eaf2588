"""Raises ValueError in gradient."""


def gradient(weights, X, y):
    raise ValueError("no gradient today")
    return (X @ weights - y) @ X / len(X)
