"""Leaves with SystemExit at import."""

raise SystemExit(0)


def gradient(weights, X, y):
    return (X @ weights - y) @ X / len(X)
