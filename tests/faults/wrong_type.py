"""Returns a list."""


def gradient(weights, X, y):
    return list((X @ weights - y) @ X / len(X))
