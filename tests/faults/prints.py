"""Prints a megabyte per call to stdout and to stderr."""

import sys

TEXT = "x" * 10**6


def gradient(weights, X, y):
    print(TEXT)
    print(TEXT, file=sys.stderr)
    return (X @ weights - y) @ X / len(X)
