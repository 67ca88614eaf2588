"""Raises GeneratorExit in gradient."""


def gradient(weights, X, y):
    raise GeneratorExit
    return (X @ weights - y) @ X / len(X)
