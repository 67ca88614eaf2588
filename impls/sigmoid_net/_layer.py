"""The text's layer with its slope, from one exponential that never overflows."""

import math

import numpy as np


def layer_terms(z, y):
    """``(layer - y) * layer * (1 - layer)`` with ``layer = sigmoid(z)``, in the precision of z.

    The layer and 1 minus it are the two fractions of ``decay`` and 1, in the order that the sign
    of z gives, so that neither is a difference.
    """
    decay = np.exp(-np.abs(z))
    upper = 1 / (1 + decay)
    lower = decay * upper
    return (np.where(z >= 0, upper, lower) - y) * (upper * lower)


def layer_term(z, y):
    """`layer_terms` of one sample, for loops over single numbers: interpreted and compiled."""
    decay = math.exp(-abs(z))
    upper = 1.0 / (1.0 + decay)
    lower = decay * upper
    return ((upper if z >= 0 else lower) - y) * (upper * lower)
