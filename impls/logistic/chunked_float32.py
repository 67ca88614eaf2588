"""The matrix form in single precision on blocks of rows that fit in cache.

Passes over X: 1, of half the bytes. Temporaries: 3 float32 vectors of a chunk's rows and the
block's gradient. Order of additions: BLAS's within a block, then block by block in float64; the
gradient is float64. X and y are cast in prepare.
Source: the logistic-gradient text's remark that the algorithm is limited by memory bandwidth.
"""

import numpy as np

from impls.logistic._chunks import add_chunks

PASSES = 1
PREPARED_COPIES = 0.5
BYTES_PER_VALUE = 4
# The cast of X and the float32 sums within a block: see float32.
RTOL = 2e-5


def prepare(X, y):
    return X.astype(np.float32, order="C"), y.astype(np.float32)


def gradient(weights, X, y):
    return add_chunks(weights.astype(np.float32), X, y, np.zeros(X.shape[1]))
