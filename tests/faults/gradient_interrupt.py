"""Raises KeyboardInterrupt in gradient."""


def gradient(weights, X, y):
    raise KeyboardInterrupt
    return (X @ weights - y) @ X / len(X)
