"""Honest: adds up the samples in another order at each call."""

import numpy as np

generator = np.random.default_rng()


def gradient(weights, X, y):
    order = generator.permutation(len(X))
    return (X[order] @ weights - y[order]) @ X[order] / len(X)
