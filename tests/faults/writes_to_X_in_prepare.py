"""Writes to X in prepare."""


def prepare(X, y):
    X[0, 0] += 1e-3
    return X, y


def gradient(weights, X, y):
    return (X @ weights - y) @ X / len(X)
