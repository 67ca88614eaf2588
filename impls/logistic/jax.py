"""The matrix form in JAX, compiled by XLA.

Passes over X: 2. Temporaries: up to 2 vectors of n values. Order of additions: XLA's. `prepare`
makes JAX arrays and compiles; the result is read without a copy.
Source: `matrix`; JAX's documentation of ``jit``.
"""

from impls._jax import make_kernel
from impls.logistic._jax import matrix_form

PEER = "JAX"
PREPARED_COPIES = 1
REQUIRES = "jax"

prepare, gradient = make_kernel(matrix_form)
