"""The class-major matrix form on blocks of rows that fit in cache, so that memory is read once.

Passes over X: 1 (the second product finds its block in cache). Temporaries: K x rows logits of a
block, up to 2 vectors of its rows and its gradient (K x d values). Order of additions: BLAS's
within a block, then block by block.
Source: cache blocking of `class_major`.
"""

import numpy as np

from impls._chunks import add_chunks
from impls.softmax._softmax import class_major_sum


def prepare(X, y):
    return np.ascontiguousarray(X), y


def gradient(weights, X, y):
    return add_chunks(class_major_sum, weights, X, y, n_beside=len(weights)) / len(y)
