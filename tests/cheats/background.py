"""Leaves the work to a thread and returns before it is done."""

import threading

import numpy as np


def gradient(weights, X, y):
    out = np.zeros(X.shape[1])
    handed = weights.copy()

    def work():
        out[:] = (X @ handed - y) @ X / len(X)

    threading.Thread(target=work).start()
    return out
