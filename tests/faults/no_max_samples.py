"""Has a MAX_SAMPLES of the wrong type."""

MAX_SAMPLES = "many"


def gradient(weights, X, y):
    return (X @ weights - y) @ X / len(X)
