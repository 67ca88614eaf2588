"""Has a PEER of the wrong type."""

PEER = 3


def gradient(weights, X, y):
    return (X @ weights - y) @ X / len(X)
