"""Returns a matrix."""


def gradient(weights, X, y):
    return ((X @ weights - y) @ X / len(X))[:, None]
