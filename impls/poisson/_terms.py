"""The loss of one sample and its derivatives by the inner product z, for the engine of one pass."""

import numpy as np

from impls._onepass.terms import Terms


def residual(z, y):
    """``exp(z) - y``."""
    return np.exp(z) - y


def loss(z, y):
    """``exp(z) - y z``."""
    return np.exp(z) - y * z


def curvature(z, y):
    """Derivative of the residual: ``exp(z)``."""
    return np.exp(z)


terms = Terms(residual, loss, curvature, is_mean=True)
