"""Raises ValueError at import."""

raise ValueError("no import today")


def gradient(weights, X, y):
    return (X @ weights - y) @ X / len(X)
