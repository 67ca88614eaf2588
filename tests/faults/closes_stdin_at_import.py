"""Closes file descriptor 0 at import."""

import os

os.close(0)


def gradient(weights, X, y):
    return (X @ weights - y) @ X / len(X)
