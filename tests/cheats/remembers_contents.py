"""Caches its answers by the bytes of the weights."""

kept = {}


def gradient(weights, X, y):
    key = weights.tobytes()
    if key not in kept:
        kept[key] = (X @ weights - y) @ X / len(X)
    return kept[key].copy()
