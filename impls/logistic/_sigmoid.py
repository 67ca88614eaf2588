"""The matrix form in NumPy, with the source's sigmoid: ``exp(-logaddexp(0, -z))``."""

import numpy as np


def sigmoid(z):
    """``1 / (1 + exp(-z))`` of an array or a number, in its precision; never overflows."""
    return np.exp(-np.logaddexp(0, -z))


def matrix_form(weights, X, y):
    """The gradient of all of X, in the precision of the inputs."""
    return (sigmoid(X @ weights) - y) @ X
