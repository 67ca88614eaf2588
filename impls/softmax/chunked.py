"""The class-major matrix form on blocks of rows that fit in cache, so that memory is read once.

Passes over X: 1 (the second product finds its block in cache). Temporaries: K x rows logits of a
chunk, up to 2 vectors of its rows and its gradient (K x d values). Order of additions: BLAS's
within a block, then block by block.
Source: the logistic-gradient text's remark that the algorithm is limited by memory bandwidth.
"""

import numpy as np

from impls.softmax._chunks import rows_per_chunk
from impls.softmax._softmax import softmax

PASSES = 1


def prepare(X, y):
    return np.ascontiguousarray(X), y


def gradient(weights, X, y):
    n_rows = rows_per_chunk(X.shape[1], len(weights), X.itemsize)
    total = np.zeros(weights.shape)
    for start in range(0, len(y), n_rows):
        rows, labels = X[start : start + n_rows], y[start : start + n_rows]
        residual = softmax(weights @ rows.T, axis=0)
        residual[labels, np.arange(len(labels))] -= 1
        total += residual @ rows
    return total / len(y)
