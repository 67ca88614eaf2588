"""Softmax's Hessian times a table of weights, block by block of rows, without a copy of X.

For logits z of a sample and ``u = V x + v_0``, the second derivative along u is
``p * (u - <p, u>)``, the residual of a gradient at V.
"""

import numpy as np

from impls._chunks import chunk_rows
from impls.softmax._softmax import softmax


def make_hessian(weights, X, y, sample_weight=None, intercept=0.0):
    """A function of a table and the intercepts' numbers that returns the Hessian times both."""
    weights = weights.copy()

    def product(v, v_intercept=0.0):
        total, slopes = np.zeros(weights.shape), np.zeros(len(weights))
        for rows in chunk_rows(X, len(weights)):
            p = softmax(X[rows] @ weights.T.astype(X.dtype) + intercept, axis=1)
            u = X[rows] @ v.T.astype(X.dtype) + v_intercept
            residual = p * (u - (p * u).sum(axis=1, keepdims=True))
            if sample_weight is not None:
                residual *= sample_weight[rows, None]
            total += residual.T.astype(X.dtype) @ X[rows]
            slopes += residual.sum(axis=0)
        return total / len(y), slopes / len(y)

    return product
