"""Closes file descriptors 0 to 20."""

import os


def gradient(weights, X, y):
    os.closerange(0, 21)
    return (X @ weights - y) @ X / len(X)
