"""Softmax regression: the gradient of the mean cross-entropy over a batch.

Formula
-------
::

    p_i         = softmax(W x_i),   softmax(z)_k = exp(z_k) / sum_j exp(z_j)
    loss(W)     = -1/n sum_i log p_i[y_i]
    gradient(W) = 1/n sum_i (p_i - onehot(y_i)) x_i^T

Conventions
-----------
X : (n_samples, n_features), y : (n_samples,) with whole labels in [0, K), weights :
(K, n_features), a row per class. A mean, not a sum. An intercept is a column of ones in X.

Work
----
4 n d K operations for the two products and some 24 per logit for the softmax; at least n d values
of X must move, once.

Sources
-------
softmax
    "How to make my logistic regression faster", a question about softmax regression on MNIST in
    NumPy and its answer, in Chinese. Its ``a`` is ``weights``, its ``l`` the logits ``X W^T``, and
    its ``np_cross_entropy_grad(p, y, x)`` is this gradient once every row of ``p`` sums to 1. The
    question's ``np_softmax`` divides by the sum over the whole batch (``_batch_softmax.py``). The
    answer's divides by each row's sum but subtracts the largest logit of the whole batch, so that a
    row whose logits lie 750 below becomes 0 / 0. Here each row's own largest logit is subtracted.
"""

import numpy as np

from impls import _numerics
from impls._checks import (
    as_float64,
    check_array,
    check_batch,
    check_call,
    check_features,
    check_labels,
    expect_shape,
    shape_of,
)

# Classes that `make` draws, as many as there are digits.
N_CLASSES = 10
# Labels index the classes: prepared once, so that no kernel casts them.
LABEL_DTYPE = np.intp
# Largest second derivative of one sample's loss along its logits: diag(p) - p p^T is at most 1/2.
CURVATURE = 0.5
AVERAGED = True  # the loss is a mean over the samples
# Labels beyond this are identifiers, not classes; weights for them would fill the memory.
_MOST_CLASSES = 65_536


def make(n_samples, n_features, generator):
    """Uniform X with variance 1, weights that give each logit variance 1, random labels."""
    X = _numerics.uniform(n_samples, n_features, generator)
    y = generator.integers(0, N_CLASSES, n_samples, dtype=np.int64)
    weights = generator.standard_normal((N_CLASSES, n_features)) / np.sqrt(n_features)
    return weights, X, y


def extreme_batches(generator):
    """Batches at the edges of the problem, by name, where a careless kernel overflows or fails."""
    weights, X, y = make(50, 20, generator)
    logits = X @ weights.T
    steep = weights * (1e4 / np.abs(logits).max())
    return {
        "|z| = 1e4": (steep, X, y),
        "|z| = 1e4, all right": (steep, X, logits.argmax(axis=1)),
        "|z| = 1e4, all wrong": (steep, X, logits.argmin(axis=1)),
        "rows 2e4 apart": (_shift_rows(weights, X, 1e4), X, y),
        "one class only": (weights, X, np.full_like(y, N_CLASSES - 1)),
        "ties": (np.tile(weights[0], (N_CLASSES, 1)), X, y),
        "zero weights": (np.zeros_like(weights), X, y),
        "cancelling": (np.zeros_like(weights), np.vstack([X, -X]), np.concatenate([y, y])),
        "n = 1": (weights, X[:1], y[:1]),
        "d = 1": (weights[:, :1].copy(), X[:, :1].copy(), y),
        "K = 1": (weights[:1], X, np.zeros_like(y)),
        "K = 2": (weights[:2], X, y % 2),
        "K = 37": (generator.standard_normal((37, 20)), X, generator.integers(0, 37, 50)),
    }


def check(X, y):
    """Refuse a batch that the problem does not define a gradient for.

    Raises
    ------
    TypeError, ValueError
        Names the argument, its shape or dtype and what was expected.
    """
    check_batch(X, y)
    labels = as_float64(y)
    right = (labels >= 0) & (labels < _MOST_CLASSES) & (labels == np.floor(labels))
    check_labels(y, right, f"a whole label from 0 to {_MOST_CLASSES - 1:,}")


def check_shapes(weights, X, y):
    """Refuse weights and labels that do not match X or each other; see `check` for the errors."""
    _, n_features = check_call(weights, X, y)
    n_classes, _ = shape_of("weights", weights, 2)
    expect_shape("weights", weights, (n_classes, n_features), "(n_classes, n_features of X)")
    for label in _label_range(y):
        if not 0 <= label < n_classes:
            raise ValueError(
                f"y holds the label {label}, expected 0 to {n_classes - 1}: weights has "
                f"{n_classes} row(s), one per class"
            )


def reference(weights, X, y):
    """Gradient in longdouble, block by block of rows so that only a block is ever copied."""
    weights, y = weights.astype(np.longdouble), _labels(y)
    gradient = np.zeros_like(weights)
    for rows in _blocks(weights, X):
        block = X[rows].astype(np.longdouble)
        residual = _exact_softmax(block @ weights.T)
        residual[np.arange(len(block)), y[rows]] -= 1
        gradient += residual.T @ block
    return gradient / X.shape[0]


def absolute_terms(weights, X, y):
    """Mean over samples of ``(p_k + onehot_k + p_k (s_k + sum_j p_j s_j)) |x|``, per weight.

    ``s_k = sum_j |W_kj x_j|``; the last term is the effect of rounding the logits on the softmax,
    to first order. The smallest normal float32 is added to p, because a smaller p may round to 0.
    """
    weights, y = as_float64(weights), _labels(y)
    terms = np.zeros(weights.shape)
    for rows in _blocks(weights, X):
        block = X[rows].astype(np.float64)
        p = _exact_softmax(block @ weights.T)
        np.abs(block, out=block)
        spread = block @ np.abs(weights).T
        unit = p * (1 + spread + (p * spread).sum(axis=1, keepdims=True))
        unit[np.arange(len(block)), y[rows]] += 1
        terms += (unit + np.finfo(np.float32).tiny).T @ block
    return terms / X.shape[0]


def loss(weights, X, y):
    """Mean cross-entropy in float64, block by block: finite however far apart the logits are.

    Raises
    ------
    TypeError, ValueError
        If these are not data of the problem, such as another library's prepared arrays.
    """
    check(X, y)
    check_shapes(weights, X, y)
    weights, y = as_float64(weights), _labels(y)
    total = 0.0
    for rows in _blocks(weights, X):
        z = as_float64(X[rows]) @ weights.T
        z -= z.max(axis=1, keepdims=True)  # the largest exp is 1, so that its sum has a log
        total += np.sum(np.log(np.exp(z).sum(axis=1)) - z[np.arange(len(z)), y[rows]])
    return float(total / X.shape[0])


def zero_weights(X, y):
    """Weights to start from: a row of zeros for every class up to the largest label."""
    return np.zeros((int(y.max()) + 1, X.shape[1]))


def predict(weights, X):
    """The class with each sample's largest logit; the first of equal ones."""
    check_features(weights, X, n_dimensions=2)
    return np.argmax(as_float64(X) @ as_float64(weights).T, axis=1)


def count_operations(n_samples, n_features):
    """Floating-point operations of one gradient, a softmax counted as 24 per class."""
    return n_samples * N_CLASSES * (4 * n_features + 24)


def compulsory_bytes(n_samples, n_features, bytes_per_value=8):
    """Least bytes that one gradient must move: X and y once, weights in and gradient out."""
    labels = n_samples * np.dtype(LABEL_DTYPE).itemsize
    return bytes_per_value * (n_samples * n_features + 2 * N_CLASSES * n_features) + labels


def _shift_rows(weights, X, distance):
    """Weights that shift all logits of a row together, by up to `distance` up or down."""
    shift = X[0] / np.abs(X @ X[0]).max()
    return weights + distance * shift


def _label_range(y):
    """Least and largest label of an array, which may be another library's."""
    if isinstance(y, np.ndarray):
        check_array("y", y)
        return y.min(), y.max()
    try:
        return int(y.min()), int(y.max())
    except (TypeError, ValueError, AttributeError):
        raise TypeError(f"y is a {type(y).__name__}, expected an array of real numbers") from None


def _labels(y):
    return np.asarray(y, dtype=LABEL_DTYPE)


def _exact_softmax(z):
    """``exp(z) / sum exp(z)`` of each row, written so that exp sees no positive number."""
    exps = np.exp(z - z.max(axis=1, keepdims=True))
    return exps / exps.sum(axis=1, keepdims=True)


def _blocks(weights, X):
    """Blocks of rows, whose features or logits, whichever are more, fill a block."""
    return _numerics.blocks(X, max(weights.shape))
