"""The matrix form on blocks of rows that fit in cache, so that memory is read once.

Passes over X: 1 (the second product finds its block in cache). Temporaries: 3 vectors of a
block's rows and the block's gradient (d values). Order of additions: BLAS's within a block, then
block by block.
Source: cache blocking of `matrix`.
"""

import numpy as np

from impls._chunks import add_chunks
from impls.logistic._sigmoid import matrix_form


def prepare(X, y):
    return np.ascontiguousarray(X), y


def gradient(weights, X, y):
    return add_chunks(matrix_form, weights, X, y)
