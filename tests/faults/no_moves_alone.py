"""Has a MOVES_ALONE of the wrong type."""

MOVES_ALONE = 3


def gradient(weights, X, y):
    return (X @ weights - y) @ X / len(X)
