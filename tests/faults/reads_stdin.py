"""Reads the standard input to its end."""

import sys


def gradient(weights, X, y):
    sys.stdin.read()
    return (X @ weights - y) @ X / len(X)
