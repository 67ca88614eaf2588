"""Logistic regression: the gradient of the summed negative log-likelihood.

Formula
-------
::

    loss(w)     = -sum_i [ y_i log s_i + (1 - y_i) log(1 - s_i) ],   s_i = sigmoid(<w, x_i>)
    gradient(w) = -sum_i (y_i - s_i) x_i = X^T (s - y)

Conventions
-----------
X : (n_samples, n_features), y : (n_samples,) with labels in {0, 1} or soft labels in [0, 1],
weights : (n_features,). A sum, not a mean. An intercept is a column of ones in X.


Work
----
4 n d operations for the two products and some 20 per sample for the sigmoid; at least n d values
of X must move, once.

Sources
-------
Docstrings name these texts:

logistic-gradient
    "Gradient of the logistic regression loss", a question about NumPy and its answer, in Russian.
    The formula above, a loop over the samples, and in the answer the matrix form.
vectorisation
    "Vectorised implementation of logistic regression", a page of the UFLDL tutorial after
    Stanford's CS229, in Chinese. Code 1 is a double loop, code 2 a loop over the samples, code 3
    the matrix form. It maximises the log-likelihood with one sample per column of ``x``:
    ``grad = x * (y - sigmoid(theta' * x))`` is minus this gradient with ``x = X.T``, and the ascent
    step ``theta + alpha * grad`` is the descent step ``weights - alpha * gradient``.
"""

import numpy as np

from impls import _glm, _numerics
from impls._checks import as_float64, check_batch, check_features, check_labels

# Largest second derivative of one sample's loss by ``<w, x>``: s (1 - s) is at most 1/4.
CURVATURE = 0.25
AVERAGED = False  # the loss is a sum over the samples

check_shapes = _glm.check_shapes
zero_weights = _glm.zero_weights
compulsory_bytes = _glm.compulsory_bytes


def make(n_samples, n_features, generator):
    """Uniform X with variance 1, weights that give ``<w, x>`` variance 1, fair random labels."""
    return _glm.draw_binary(n_samples, n_features, generator)


def extreme_batches(generator):
    """Batches at the edges of the problem, by name, where a careless kernel overflows or fails."""
    weights, X, y = make(50, 20, generator)
    steep = weights * (1e4 / np.abs(X @ weights).max())
    column = X[:, :1]
    pixels = np.column_stack([np.ones(50), generator.integers(0, 256, (50, 19)) / 255])
    return {
        "|z| = 1e4": (steep, X, y),
        "|z| = 1e4, all right": (steep, X, (X @ steep > 0).astype(np.float64)),
        "|z| = 1e4, all wrong": (steep, X, (X @ steep < 0).astype(np.float64)),
        "only 0": (weights, X, np.zeros_like(y)),
        "only 1": (weights, X, np.ones_like(y)),
        "soft labels": (weights, X, generator.random(len(y))),
        "n = 1": (weights, X[:1], y[:1]),
        "d = 1": (weights[:1], np.ascontiguousarray(column), y),
        "8-bit pixels": (weights, pixels, y),
        "cancelling": (weights, np.vstack([X, X]), np.concatenate([y, 1 - y])),
    }


def check(X, y):
    """Refuse a batch that the problem does not define a gradient for.

    Raises
    ------
    TypeError, ValueError
        Names the argument, its shape or dtype and what was expected.
    """
    check_batch(X, y)
    check_labels(y, (y >= 0) & (y <= 1), "a label in [0, 1]")


def loss(weights, X, y):
    """The objective in float64.

    A sample's loss is ``log(1 + exp(-|z|)) + |z| (1 - y if z > 0 else y)``: no term is negative,
    and exp only sees numbers that are not positive.

    Raises
    ------
    TypeError, ValueError
        If these are not data of the problem, such as another library's prepared arrays.
    """
    check(X, y)
    check_shapes(weights, X, y)
    z = _numerics.inner_products(weights, X)
    distance = np.abs(z)
    y = as_float64(y)
    wrong = np.where(z > 0, 1 - y, y)
    return float(np.sum(wrong * distance + np.log1p(np.exp(-distance))))


def predict(weights, X):
    """Label 1 where ``<w, x>`` is positive, that is, the sigmoid above 1/2; else 0."""
    check_features(weights, X, n_dimensions=1)
    return (_numerics.inner_products(weights, X) > 0).astype(np.float64)


def reference(weights, X, y):
    """Gradient in longdouble."""
    return _glm.exact_sum(lambda z, y: _numerics.sigmoid(z) - y, weights, X, y)


def absolute_terms(weights, X, y):
    """Sum over samples of ``(s + y + s (1 - s) sum_k |w_k x_k|) |x|``, one value per feature.

    The last term is the effect of rounding ``<w, x>`` on the sigmoid, to first order. The smallest
    normal float32 is added to s, because a smaller sigmoid may round to 0.
    """
    return _glm.absolute_sum(_size, weights, X, y)


def _size(z, y, spread):
    s = _numerics.sigmoid(z)
    return s + y + s * (1 - s) * spread + np.finfo(np.float32).tiny


def count_operations(n_samples, n_features):
    """Floating-point operations of one gradient, a sigmoid counted as 20."""
    return n_samples * (4 * n_features + 20)
