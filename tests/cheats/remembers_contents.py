"""Keeps an answer for each weights that it has seen, found by their bytes."""

kept = {}


def gradient(weights, X, y):
    key = weights.tobytes()
    if key not in kept:
        kept[key] = (X @ weights - y) @ X / len(X)
    return kept[key].copy()
