"""Sleeps in gradient."""

import time


def gradient(weights, X, y):
    time.sleep(600)
    return (X @ weights - y) @ X / len(X)
