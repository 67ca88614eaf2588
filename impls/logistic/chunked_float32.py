"""`chunked` in single precision: half the bytes, 7 digits.

Passes over X: 1, of half the bytes. Temporaries: 3 float32 vectors of a block's rows and the
block's gradient. Order of additions: BLAS's within a block, then block by block in float64; the
gradient is float64.
Source: `chunked`.
"""

import numpy as np

from impls._chunks import add_chunks
from impls._prepare import SINGLE_RTOL, as_single
from impls.logistic._sigmoid import matrix_form

PREPARED_COPIES = 0.5
BYTES_PER_VALUE = 4
RTOL = SINGLE_RTOL

prepare = as_single


def gradient(weights, X, y):
    return add_chunks(matrix_form, weights.astype(np.float32), X, y)
