"""Has a docstring of a megabyte."""

__doc__ = "x" * 10**6


def gradient(weights, X, y):
    return (X @ weights - y) @ X / len(X)
