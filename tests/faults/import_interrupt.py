"""Raises KeyboardInterrupt at import."""

raise KeyboardInterrupt


def gradient(weights, X, y):
    return (X @ weights - y) @ X / len(X)
