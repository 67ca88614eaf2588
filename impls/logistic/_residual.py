"""The residual of one sample, for loops over single numbers: interpreted and compiled."""

import math


def residual(z, y):
    """``sigmoid(z) - y``: exp only ever sees numbers that are not positive."""
    decay = math.exp(-abs(z))
    return (1.0 if z >= 0 else decay) / (1.0 + decay) - y
