"""Poisson regression: the gradient of the mean negative log-likelihood of counts.

Formula
-------
::

    loss(w)     = 1/n sum_i [ exp(z_i) - y_i z_i ],   z_i = <w, x_i>
    gradient(w) = 1/n sum_i (exp(z_i) - y_i) x_i = 1/n X^T (exp(X w) - y)

The log-likelihood also has the term ``log(y_i!)``, which does not depend on the weights and is left
out, so that the loss may be negative. At zero weights it is 1.

Conventions
-----------
X : (n_samples, n_features), y : (n_samples,) with counts or any other finite numbers of at least 0,
weights : (n_features,). A mean, not a sum. The logarithm links the mean of y to z. An intercept is
a column of ones in X, an exposure its logarithm in a column of weight 1.

The second derivative of a sample's loss by z is exp(z), which has no bound. There is thus no
CURVATURE, and no step that is stable for all weights: `impls.solve` is given a step, and the suite
measures no training.

exp(z) overflows float64 above z = 709 and float32 above z = 88. The gradient is then infinite or
NaN. NumPy warns of it; compiled code does not.

Work
----
4 n d operations for the two products, some 20 per sample for the exponential and the residual and
one per feature for the mean; at least n d values of X must move, once.

Sources
-------
mccullagh-nelder
    P. McCullagh and J. A. Nelder, "Generalized Linear Models", 2nd edition, 1989, chapter 6:
    log-linear models for counts. The gradient is its score, ``X^T (y - mu)`` with ``mu = exp(X
    w)``, with the other sign and as a mean.
half-poisson-loss
    scikit-learn, ``HalfPoissonLoss``: half the Poisson deviance without the terms of y alone. It is
    this loss.
"""

import numpy as np

from impls import _glm, _numerics
from impls._checks import as_float64, check_batch, check_labels

AVERAGED = True  # the loss is a mean over the samples

check_shapes = _glm.check_shapes
zero_weights = _glm.zero_weights
compulsory_bytes = _glm.compulsory_bytes


def make(n_samples, n_features, generator):
    """Uniform X with variance 1, counts of the mean ``exp(X w)``, other weights to start from.

    Both weights give ``<w, x>`` variance 1.
    """
    X = _numerics.uniform(n_samples, n_features, generator)
    truth, weights = generator.standard_normal((2, n_features)) / np.sqrt(n_features)
    return weights, X, generator.poisson(np.exp(X @ truth)).astype(np.float64)


def extreme_batches(generator):
    """Batches at the edges of the problem, by name, where a careless kernel overflows or fails.

    No exp(z) leaves float32's range, neither at these weights nor at those of `_verify.vectors`,
    half of the weights in another order and with other signs. The latter do not depend on the
    values: with 3 features they leave the sign and the place of the first.
    """
    weights, X, y = make(50, 20, generator)
    z = X @ weights
    steep = weights * (80 / z.max())
    intercept = np.column_stack([np.ones(len(X)), X[:, 1:]])
    many = np.append(np.log(1e6), weights[1:])
    mostly_far = X[:, :3].copy()
    mostly_far[:, 0] = np.where(np.arange(50) % 10 < 9, 1, -4e-3 * generator.random(50))
    pixels = np.column_stack([np.ones(50), generator.integers(0, 256, (50, 19)) / 255])
    return {
        "z = -1e4": (np.append(-1e4, weights[1:3]), mostly_far, y),
        "z = 80": (steep, X, y),
        "only 0": (weights, X, np.zeros_like(y)),
        "no residuals": (weights, X, np.exp(z)),
        "large counts": (weights, X, 1e6 * y),
        "large means": (many, intercept, np.rint(np.exp(intercept @ many))),
        "real labels": (weights, X, generator.exponential(size=len(y))),
        "n = 1": (weights, X[:1], y[:1]),
        "d = 1": (weights[:1], np.ascontiguousarray(X[:, :1]), y),
        "8-bit pixels": (weights, pixels, y),
        "cancelling": _cancel(weights, X, generator),
    }


def _cancel(weights, X, generator):
    """Each row twice, with residuals of both signs that add up to 0."""
    mean = np.exp(X @ weights)
    share = 2 * generator.random(len(X))
    return weights, np.vstack([X, X]), np.concatenate([mean * share, mean * (2 - share)])


def check(X, y):
    """Refuse a batch that the problem does not define a gradient for.

    Raises
    ------
    TypeError, ValueError
        Names the argument, its shape or dtype and what was expected.
    """
    check_batch(X, y)
    check_labels(y, (y >= 0) & np.isfinite(y), "a finite number of at least 0")


def loss(weights, X, y):
    """The objective in float64.

    Raises
    ------
    TypeError, ValueError
        If these are not data of the problem, such as another library's prepared arrays.
    """
    check(X, y)
    check_shapes(weights, X, y)
    z = _numerics.inner_products(weights, X)
    return float(np.mean(np.exp(z) - as_float64(y) * z))


def reference(weights, X, y):
    """Gradient in longdouble."""
    return _glm.exact_sum(lambda z, y: np.exp(z) - y, weights, X, y) / X.shape[0]


def absolute_terms(weights, X, y):
    """Mean over samples of ``(exp(z) (1 + sum_k |w_k x_k|) + y) |x|``, one value per feature.

    The term with the sum is the effect of rounding z on exp(z), to first order. The smallest normal
    float32 is added to exp(z), because a smaller exp(z) may round to 0.
    """
    return _glm.absolute_sum(_size, weights, X, y) / X.shape[0]


def _size(z, y, spread):
    return np.exp(z) * (1 + spread) + y + np.finfo(np.float32).tiny


def count_operations(n_samples, n_features):
    """Floating-point operations of one gradient, an exponential and its residual counted as 20."""
    return n_samples * (4 * n_features + 20) + n_features
