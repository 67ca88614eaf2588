"""Reads address 0 at import."""

import ctypes

ctypes.string_at(0)


def gradient(weights, X, y):
    return (X @ weights - y) @ X / len(X)
