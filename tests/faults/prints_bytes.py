"""Prints what is no text."""

import os


def gradient(weights, X, y):
    os.write(1, b"\xff\n" * 1000)
    os.write(2, b"\xfe\0" * 1000)
    return (X @ weights - y) @ X / len(X)
