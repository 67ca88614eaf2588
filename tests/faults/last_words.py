"""Prints what would colour a terminal, and ends at import."""

import os

os.write(2, 10**6 * b"!" + b"\n\x1b[31mred\x07\xff")
os._exit(3)


def gradient(weights, X, y):
    return (X @ weights - y) @ X / len(X)
