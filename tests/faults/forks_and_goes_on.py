"""Goes on in two processes."""

import os
import warnings

warnings.simplefilter("ignore")
os.fork()


def gradient(weights, X, y):
    return (X @ weights - y) @ X / len(X)
