"""Allocates until there is no more; the limit is its own, for the machine's sake."""

import resource

import numpy as np
import psutil

kept = []
limit = psutil.Process().memory_info().vms + 200 * 1024**2
resource.setrlimit(resource.RLIMIT_AS, (limit, limit))


def gradient(weights, X, y):
    while True:
        kept.append(np.ones(10**6))
    return (X @ weights - y) @ X / len(X)
