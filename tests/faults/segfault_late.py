"""Reads address 0 after 20 calls."""

import ctypes

calls = []


def gradient(weights, X, y):
    calls.extend([0] * (len(X) == 300))
    if len(calls) > 20:
        ctypes.string_at(0)
    return (X @ weights - y) @ X / len(X)
