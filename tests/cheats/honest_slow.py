"""Honest: one call is longer than a sample, and so is the call that warms up before it."""


def gradient(weights, X, y):
    for _ in range(15_000):  # some 0.15 s
        inner = X @ weights
    return (inner - y) @ X / len(X)
