"""Clears the environment."""

import os

os.environ.clear()


def gradient(weights, X, y):
    return (X @ weights - y) @ X / len(X)
