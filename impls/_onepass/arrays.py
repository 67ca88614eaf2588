"""NumPy's arrays as the engine wants them: from a cache line on, and in blocks of rows."""

import math

import numpy as np
from numba.extending import register_jitable

from impls._onepass.vectors import LINE_BYTES

_BLOCK_VALUES = 2**16  # values of a block


@register_jitable
def whole(n, unit):
    """The least multiple of `unit` that is not less than n."""
    return -(-n // unit) * unit


def aligned(shape, dtype):
    """Zeros that begin with a cache line, so that a vector of a line touches one line, not two."""
    n_bytes = math.prod(shape) * np.dtype(dtype).itemsize
    room = np.zeros(n_bytes + LINE_BYTES, np.uint8)
    begin = -room.ctypes.data % LINE_BYTES
    return room[begin : begin + n_bytes].view(dtype).reshape(shape)


def blocks(X):
    """Slices of rows that stay in cache, so that work on them needs little memory."""
    n_rows = max(1, _BLOCK_VALUES // X.shape[1])
    return [slice(start, start + n_rows) for start in range(0, len(X), n_rows)]


def product(X, weights):
    """``X @ weights``; NumPy converts only a block of an X of another type at a time."""
    if X.dtype == weights.dtype:
        return X @ weights
    return np.concatenate([X[rows] @ weights for rows in blocks(X)])
