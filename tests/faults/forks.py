"""Forks a child that stays, and ends."""

import os
import time


def gradient(weights, X, y):
    if os.fork() == 0:
        os.setsid()
        time.sleep(600)
    os._exit(0)
    return (X @ weights - y) @ X / len(X)
