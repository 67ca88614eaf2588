"""Leaves with SystemExit in prepare."""


def prepare(X, y):
    raise SystemExit(0)


def gradient(weights, X, y):
    return (X @ weights - y) @ X / len(X)
