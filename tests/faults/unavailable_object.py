"""Says that it is unavailable with a reason that is no text."""

from impls import Unavailable

raise Unavailable(None, b"\0\xff")


def gradient(weights, X, y):
    return (X @ weights - y) @ X / len(X)
