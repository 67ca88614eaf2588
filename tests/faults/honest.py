"""Does what it should."""


def gradient(weights, X, y):
    return (X @ weights - y) @ X / len(X)
