"""Raises GeneratorExit at import."""

raise GeneratorExit


def gradient(weights, X, y):
    return (X @ weights - y) @ X / len(X)
