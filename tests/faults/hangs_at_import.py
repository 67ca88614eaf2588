"""Sleeps at import."""

import time

time.sleep(600)


def gradient(weights, X, y):
    return (X @ weights - y) @ X / len(X)
