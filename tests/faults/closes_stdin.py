"""Closes the standard input."""

import sys


def gradient(weights, X, y):
    sys.stdin.close()
    return (X @ weights - y) @ X / len(X)
