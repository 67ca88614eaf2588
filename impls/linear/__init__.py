"""Linear regression: the gradient of half the mean squared error.

Formula
-------
::

    loss(w)     = 1 / (2 n) sum_i (<w, x_i> - y_i)^2
    gradient(w) = 1 / n sum_i (<w, x_i> - y_i) x_i = 1 / n X^T (X w - y)

Conventions
-----------
X : (n_samples, n_features), y : (n_samples,) with any finite real numbers, weights :
(n_features,). A mean, not a sum, with the half. An intercept is a column of ones in X.

Work
----
4 n d operations for the two products, one per sample for the residual and one per feature for the
mean; at least n d values of X must move, once.

Sources
-------
gradient-descent
    "Discrimination gradient descent", an article on GD, SGD and mini-batches that fit a line, in
    English. It has the same loss, the sum of ``(y_hat - y) ** 2 / (2 * batch_size)``, and the same
    sign, ``param -= lr * param.grad``; the gradient is left to automatic differentiation. Its
    ``labels`` (n_samples, 1) are y, its bias ``b`` is the weight of the column of ones. With a
    ``batch_size`` below n, its step takes this gradient of the batch's rows.
"""

import numpy as np

from impls import _glm, _numerics
from impls._checks import as_float64, check_batch, check_labels

# Largest second derivative of one sample's loss by ``<w, x>``.
CURVATURE = 1.0
AVERAGED = True  # the loss is a mean over the samples

check_shapes = _glm.check_shapes
zero_weights = _glm.zero_weights
compulsory_bytes = _glm.compulsory_bytes


def make(n_samples, n_features, generator):
    """Uniform X with variance 1, the text's labels ``X w + noise``, other weights to start from.

    Both weights give ``<w, x>`` variance 1; the noise is normal with the text's deviation of 0.5.
    """
    X = _numerics.uniform(n_samples, n_features, generator)
    truth, weights = generator.standard_normal((2, n_features)) / np.sqrt(n_features)
    return weights, X, X @ truth + 0.5 * generator.standard_normal(n_samples)


def extreme_batches(generator):
    """Batches at the edges of the problem, by name, where a careless kernel loses digits."""
    weights, X, y = make(50, 20, generator)
    steep = weights * (1e4 / np.abs(X @ weights).max())
    intercept = np.column_stack([np.ones(len(X)), X[:, 1:]])
    return {
        "|z| = 1e4": (steep, X, y),
        "large labels": (weights, X, 1e6 * y),
        "labels far from 0": (weights, intercept, y + 1e6),
        "only 0": (weights, X, np.zeros_like(y)),
        "no residuals": (weights, X, X @ weights),
        "uneven features": (weights, X * np.geomspace(1e-6, 1e6, X.shape[1]), y),
        "n = 1": (weights, X[:1], y[:1]),
        "d = 1": (weights[:1], np.ascontiguousarray(X[:, :1]), y),
        "cancelling": (weights, np.vstack([X, X]), np.concatenate([y, 2 * (X @ weights) - y])),
    }


def check(X, y):
    """Refuse a batch that the problem does not define a gradient for.

    Raises
    ------
    TypeError, ValueError
        Names the argument, its shape or dtype and what was expected.
    """
    check_batch(X, y)
    check_labels(y, np.isfinite(y), "a finite number")


def loss(weights, X, y):
    """The objective in float64.

    Raises
    ------
    TypeError, ValueError
        If these are not data of the problem, such as another library's prepared arrays.
    """
    check(X, y)
    check_shapes(weights, X, y)
    residual = _numerics.inner_products(weights, X) - as_float64(y)
    return float(residual @ residual) / (2 * len(residual))


def reference(weights, X, y):
    """Gradient in longdouble."""
    return _glm.exact_sum(lambda z, y: z - y, weights, X, y) / X.shape[0]


def absolute_terms(weights, X, y):
    """Mean over samples of ``(sum_k |w_k x_k| + |y|) |x|``, one value per feature.

    These are the formula's products multiplied out, ``w_k x_k x`` and ``y x``. They cover the
    rounding of ``<w, x>``, which is proportional to ``sum_k |w_k x_k|`` and passes through the
    residual unchanged.
    """
    return _glm.absolute_sum(lambda z, y, spread: spread + np.abs(y), weights, X, y) / X.shape[0]


def count_operations(n_samples, n_features):
    """Floating-point operations of one gradient."""
    return n_samples * (4 * n_features + 1) + n_features
