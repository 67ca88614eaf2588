"""Has a BYTES_PER_VALUE of the wrong type."""

BYTES_PER_VALUE = None


def gradient(weights, X, y):
    return (X @ weights - y) @ X / len(X)
