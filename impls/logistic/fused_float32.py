"""`fused` in single precision: half the bytes, 7 digits.

Passes over X: 1, of half the bytes. Temporaries: as `fused`, and in float32 the weights and a sum
per thread. Order of additions: as `fused`, up to 512 rows in float32.
Source: `fused`.
"""

import numpy as np

from impls._onepass.kernel import make_kernel
from impls._prepare import single_rows
from impls.logistic._terms import terms

PREPARED_COPIES = 0.5
BYTES_PER_VALUE = 4
REQUIRES = "numba"
# Casting X and weights: half a unit in the last place is 6e-8 of each product. Sums in float32 are
# of d products, in 8 lanes, and of up to 512 rows, 8 at a time.
RTOL = 1e-6

prepare, gradient, loss_gradient, evaluate, make_hessian = make_kernel(
    terms, single_rows, np.float32
)
