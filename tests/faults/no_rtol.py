"""Has a RTOL of the wrong type."""

RTOL = "x"


def gradient(weights, X, y):
    return (X @ weights - y) @ X / len(X)
