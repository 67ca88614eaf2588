"""Has a docstring that is no text."""

__doc__ = 3


def gradient(weights, X, y):
    return (X @ weights - y) @ X / len(X)
