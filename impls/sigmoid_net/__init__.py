"""A layer of one sigmoid: the gradient of half the summed squared error.

Formula
-------
::

    loss(w)     = 1/2 sum_i (s_i - y_i)^2,   s_i = sigmoid(<w, x_i>)
    gradient(w) = sum_i (s_i - y_i) s_i (1 - s_i) x_i = X^T ((s - y) s (1 - s))

Conventions
-----------
X : (n_samples, n_features), y : (n_samples,) with targets in [0, 1], weights : (n_features,).
A sum, not a mean. An intercept is a column of ones in X; the last of the text's three is one.

The loss is not convex. Far on the wrong side its slope is nearly 0, so that ``1 - s`` has to keep
its digits: it is computed as ``sigmoid(-z)``, never as a difference.

Work
----
4 n d operations for the two products and some 24 per sample for the layer and its slope; at least
n d values of X must move, once.

Sources
-------
neural-network
    "Is it possible to improve the performance of mutually recursive arrays?", a question about a
    network of one layer in NumPy and its answer, in Russian. Its ``TRAINING_SET`` is X; its
    ``OUTPUT``, ``layer`` and ``weights`` are columns, here vectors. Its epoch, ``weights += X.T @
    ((OUTPUT - layer) * layer * (1 - layer))``, is this gradient's descent step of size 1.
"""

import numpy as np

from impls import _glm, _numerics
from impls._checks import as_float64, check_batch, check_labels

# Largest second derivative of one sample's loss by ``<w, x>``: at y = 0 and s = 0.386, or mirrored.
CURVATURE = 0.0771
AVERAGED = False  # the loss is a sum over the samples

check_shapes = _glm.check_shapes
zero_weights = _glm.zero_weights
compulsory_bytes = _glm.compulsory_bytes


def make(n_samples, n_features, generator):
    """Uniform X with variance 1, weights that give ``<w, x>`` variance 1, fair targets 0 and 1."""
    return _glm.draw_binary(n_samples, n_features, generator)


def extreme_batches(generator):
    """Batches at the edges of the problem, by name, where a careless kernel overflows or fails."""
    weights, X, y = make(50, 20, generator)
    z = X @ weights
    steep = weights * (1e4 / np.abs(z).max())
    one = np.ones(1)
    return {
        "|z| = 1e4": (steep, X, y),
        "|z| = 1e4, all right": (steep, X, (z > 0).astype(np.float64)),
        "|z| = 1e4, all wrong": (steep, X, (z < 0).astype(np.float64)),
        "1 - s = 4e-18": (40 * one, one[:, np.newaxis], 0 * one),
        "only 0": (weights, X, np.zeros_like(y)),
        "only 1": (weights, X, np.ones_like(y)),
        "soft targets": (weights, X, generator.random(len(y))),
        "no residuals": (weights, X, _numerics.sigmoid(z)),
        "n = 1": (weights, X[:1], y[:1]),
        "d = 1": (weights[:1], np.ascontiguousarray(X[:, :1]), y),
        "cancelling": (np.zeros_like(weights), np.vstack([X, -X]), np.concatenate([y, y])),
    }


def check(X, y):
    """Refuse a batch that the problem does not define a gradient for.

    Raises
    ------
    TypeError, ValueError
        Names the argument, its shape or dtype and what was expected.
    """
    check_batch(X, y)
    check_labels(y, (y >= 0) & (y <= 1), "a target in [0, 1]")


def loss(weights, X, y):
    """The objective in float64.

    Raises
    ------
    TypeError, ValueError
        If these are not data of the problem, such as another library's prepared arrays.
    """
    check(X, y)
    check_shapes(weights, X, y)
    residual = _numerics.sigmoid(_numerics.inner_products(weights, X)) - as_float64(y)
    return float(residual @ residual) / 2


def reference(weights, X, y):
    """Gradient in longdouble."""
    return _glm.exact_sum(_residual, weights, X, y)


def _residual(z, y):
    s, rest = _numerics.sigmoid(z), _numerics.sigmoid(-z)
    return (s - y) * s * rest


def absolute_terms(weights, X, y):
    """Sum over samples of ``((s + y) t + t (t + |s - y| |1 - 2 s|) sum_k |w_k x_k|) |x|``.

    One value per feature; ``t = s (1 - s)`` is the sigmoid's slope. The last term is the effect of
    rounding ``<w, x>``, to first order: ``t t`` through the residual and ``(s - y) t (1 - 2 s)``
    through the slope, which are not allowed to cancel. The smallest normal float32 is added,
    because a smaller slope may round to 0.
    """
    return _glm.absolute_sum(_size, weights, X, y)


def _size(z, y, spread):
    s, slope = _numerics.sigmoid(z), _numerics.sigmoid(z) * _numerics.sigmoid(-z)
    rounding = slope * (slope + np.abs((s - y) * (1 - 2 * s))) * spread
    return (s + y) * slope + rounding + np.finfo(np.float32).tiny


def count_operations(n_samples, n_features):
    """Floating-point operations of one gradient, a layer with its slope counted as 24."""
    return n_samples * (4 * n_features + 24)
