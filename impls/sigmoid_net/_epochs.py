"""The text's training: epoch after epoch, each a descent step of size 1 on all samples.

Each epoch needs the weights of the one before, so that the epochs cannot become one array
operation; but one compiled function can run all of them.
"""

from pathlib import Path

import numpy as np

from impls._compiled import find_cache, require_compiler
from impls.sigmoid_net._layer import layer_terms


def text_batch():
    """The text's ``TRAINING_SET`` (4, 3) and ``OUTPUT``, as ``(X, y)`` in float64."""
    X = np.array([[0.0, 0, 1], [0, 1, 1], [1, 0, 1], [1, 1, 1]])
    return X, np.array([0.0, 0, 1, 1])


def train_loop(weights, X, y, n_epochs):
    """Weights after `n_epochs` of the text's Python loop; `weights` itself is left as it is.

    The text's epoch is ``weights += X.T @ ((y - layer) * layer * (1 - layer))``. The layer here
    does not overflow where ``X @ weights`` is large.
    """
    weights = weights.astype(np.float64)
    for _ in range(n_epochs):
        weights -= X.T @ layer_terms(X @ weights, y)
    return weights


def train_compiled(weights, X, y, n_epochs):
    """`train_loop` with the epochs and all within them in one function that numba compiles.

    Raises
    ------
    Unavailable
        If numba compiles nothing here.
    """
    require_compiler()
    find_cache(Path(__file__).parent)
    from impls.sigmoid_net._kernels import descend

    weights = weights.astype(np.float64)
    descend(weights, np.ascontiguousarray(X), np.ascontiguousarray(y), n_epochs)
    return weights
