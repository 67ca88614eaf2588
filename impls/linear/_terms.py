"""The loss of one sample and its derivatives by the inner product z, for the engine of one pass."""

import numpy as np

from impls._onepass.terms import Terms


def residual(z, y):
    """``z - y``."""
    return z - y


def loss(z, y):
    """``(z - y)^2 / 2``."""
    return 0.5 * np.square(z - y)


def curvature(z, y):
    """Derivative of the residual: 1."""
    return np.ones_like(z)


terms = Terms(residual, loss, curvature, is_mean=True)
