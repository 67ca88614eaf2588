"""Raises NotImplementedError in prepare."""


def prepare(X, y):
    raise NotImplementedError("some day")


def gradient(weights, X, y):
    return (X @ weights - y) @ X / len(X)
