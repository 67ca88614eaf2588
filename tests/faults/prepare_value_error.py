"""Raises ValueError in prepare."""


def prepare(X, y):
    raise ValueError("no data like these")


def gradient(weights, X, y):
    return (X @ weights - y) @ X / len(X)
