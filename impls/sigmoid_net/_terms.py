"""The loss of one sample and its derivatives by the inner product z, for the engine of one pass."""

import numpy as np

from impls._onepass.terms import Terms


def _layer(z, y):
    """``s - y``, ``s`` and ``1 - s`` for s = sigmoid(z), none the difference of numbers near 1."""
    decay = np.exp(-np.abs(z))
    tail, rest = decay / (1 + decay), 1 / (1 + decay)
    return (
        np.where(z >= 0, 1 - y - tail, tail - y),
        np.where(z >= 0, rest, tail),
        np.where(z >= 0, tail, rest),
    )


def residual(z, y):
    """``(s - y) s (1 - s)``."""
    error, layer, opposite = _layer(z, y)
    return error * layer * opposite


def loss(z, y):
    """``(s - y)^2 / 2``."""
    error, _, _ = _layer(z, y)
    return 0.5 * np.square(error)


def curvature(z, y):
    """Derivative of the residual: ``s (1 - s) (s (1 - s) + (s - y) (1 - 2 s))``."""
    error, layer, opposite = _layer(z, y)
    return layer * opposite * (layer * opposite + error * (opposite - layer))


terms = Terms(residual, loss, curvature)
