"""Stops its process with a signal that cannot be caught."""

import os
import signal


def gradient(weights, X, y):
    os.kill(os.getpid(), signal.SIGSTOP)
    return (X @ weights - y) @ X / len(X)
