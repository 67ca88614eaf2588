"""`fused` in single precision: half the bytes, 7 digits.

Passes over X: 1, of half the bytes. Temporaries: 0.5 KB per thread, and per thread a gradient of d
values: float32 for up to 512 samples, else float64 and, for up to 1,000 features, weights and
gradient in float32. Order of additions: as `fused`, up to 512 rows in float32.
Source: `fused`.
"""

from impls._onepass.kernel import make_kernel
from impls._prepare import as_single
from impls.poisson._terms import TERMS

PREPARED_COPIES = 0.5
BYTES_PER_VALUE = 4
REQUIRES = "numba"
# Casting X and weights: half a unit in the last place is 6e-8 of each product. Sums in float32 are
# of d products, in 8 lanes, and of up to 512 rows, 8 at a time.
RTOL = 1e-6

prepare, gradient, loss_gradient, evaluate = make_kernel(TERMS, as_single)
