"""Asks for many threads, in the environment and of the libraries."""

import os

import threadpoolctl

os.environ |= dict.fromkeys(["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"], "64")


def gradient(weights, X, y):
    threadpoolctl.threadpool_limits(64)
    return (X @ weights - y) @ X / len(X)
