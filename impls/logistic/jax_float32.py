"""The matrix form in JAX, compiled by XLA, in single precision.

Passes over X: 2, of half the bytes each. Temporaries: up to 2 vectors of n float32.
Order of additions: XLA's. X and y are cast and become JAX's arrays in prepare, which compiles; the
gradient is float32, read without a copy.
Source: the matrix form; JAX's documentation of ``jit``.
"""

import numpy as np

from impls.logistic._jax import compiled, on_device

PEER = "JAX"
PASSES = 2
PREPARED_COPIES = 1  # the cast and JAX's own copy of it, while prepare runs
BYTES_PER_VALUE = 4
# The cast of X and float32 sums: see float32.
RTOL = 2e-5
REQUIRES = "jax"


def prepare(X, y):
    return on_device(X.astype(np.float32, order="C"), y.astype(np.float32))


def gradient(weights, X, y):
    return np.asarray(compiled()(weights.astype(np.float32), X, y))
