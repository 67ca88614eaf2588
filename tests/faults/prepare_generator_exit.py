"""Raises GeneratorExit in prepare."""


def prepare(X, y):
    raise GeneratorExit


def gradient(weights, X, y):
    return (X @ weights - y) @ X / len(X)
