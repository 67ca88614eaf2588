"""The loss of one sample and its derivatives by the inner product z, for the engine of one pass."""

import numpy as np

from impls._onepass.terms import Terms


def residual(z, y):
    """``sigmoid(z) - y``.

    With s = sigmoid(-|z|) it is s - y or (1 - y) - s: no small residual is the difference of
    numbers near 1, at y = 1 as at y = 0.
    """
    decay = np.exp(-np.abs(z))
    tail = decay / (1 + decay)
    return np.where(z >= 0, 1 - y - tail, tail - y)


def loss(z, y):
    """``log(1 + exp(-|z|)) + |z| (1 - y if z > 0 else y)``: no term is negative."""
    distance = np.abs(z)
    return np.where(z > 0, 1 - y, y) * distance + np.log1p(np.exp(-distance))


def curvature(z, y):
    """Derivative of the residual: ``s (1 - s)``."""
    decay = np.exp(-np.abs(z))
    return decay / np.square(1 + decay)


terms = Terms(residual, loss, curvature)
