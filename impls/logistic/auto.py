"""`fused` on the smallest type that holds X exactly: 8-bit levels, float32 or float64.

`prepare` looks at the data if X does not fit in the cores' own caches: evenly spaced 8-bit levels
are stored as uint8, values that float32 holds exactly as float32. The gradient is float64's of the
same data in every case. Passes over X: 1. Temporaries: as `fused`. Order of additions: as `fused`,
in float64.
Source: `fused`.
"""

from impls._onepass.kernel import make_kernel
from impls._onepass.storage import smallest
from impls.logistic._terms import terms

PREPARED_COPIES = 0.5
X_TYPES = "uint8 float32"
REQUIRES = "numba"

prepare, gradient, loss_gradient, evaluate, make_hessian = make_kernel(terms, smallest)
