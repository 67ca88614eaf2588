"""The matrix form in JAX, compiled by XLA, in single precision.

Passes over X: 2, of half the bytes each. Temporaries: up to 2 vectors of n float32.
Order of additions: XLA's. `prepare` casts, makes JAX arrays and compiles; the gradient is float32,
read without a copy.
Source: `matrix`; JAX's documentation of ``jit``.
"""

import numpy as np

from impls._jax import make_kernel
from impls._prepare import SINGLE_RTOL
from impls.logistic._jax import matrix_form

PEER = "JAX"
PREPARED_COPIES = 1  # the cast and JAX's own copy of it, while prepare runs
BYTES_PER_VALUE = 4
RTOL = SINGLE_RTOL
REQUIRES = "jax"

prepare, gradient = make_kernel(matrix_form, np.float32)
