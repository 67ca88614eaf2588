"""Has a PREPARED_COPIES of the wrong type."""

PREPARED_COPIES = "a"


def gradient(weights, X, y):
    return (X @ weights - y) @ X / len(X)
