"""Reads file descriptor 0."""

import os


def gradient(weights, X, y):
    os.read(0, 10**6)
    return (X @ weights - y) @ X / len(X)
