"""The source's sigmoid in NumPy: ``exp(-logaddexp(0, -z))``, which never overflows."""

import numpy as np


def sigmoid(z):
    """``1 / (1 + exp(-z))`` of an array or a number, in its own precision."""
    return np.exp(-np.logaddexp(0, -z))
