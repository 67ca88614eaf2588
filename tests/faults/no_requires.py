"""Has a REQUIRES of the wrong type."""

REQUIRES = 3


def gradient(weights, X, y):
    return (X @ weights - y) @ X / len(X)
