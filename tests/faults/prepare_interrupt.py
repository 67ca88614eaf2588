"""Raises KeyboardInterrupt in prepare."""


def prepare(X, y):
    raise KeyboardInterrupt


def gradient(weights, X, y):
    return (X @ weights - y) @ X / len(X)
