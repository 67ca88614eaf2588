"""Reads address 0 in gradient."""

import ctypes


def gradient(weights, X, y):
    ctypes.string_at(0)
    return (X @ weights - y) @ X / len(X)
