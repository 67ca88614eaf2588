"""`fused` on the smallest type that holds X exactly: 8-bit levels, float32 or float64.

Passes over X: 1. Temporaries: as `fused`. Order of additions: as `fused`, in float64. Logistic
regression's `auto` says how the type is chosen.
Source: `fused`.
"""

from impls._onepass.kernel import make_kernel
from impls._onepass.storage import smallest
from impls.sigmoid_net._terms import terms

PREPARED_COPIES = 0.5
X_TYPES = "uint8 float32"
REQUIRES = "numba"

prepare, gradient, loss_gradient, evaluate, make_hessian = make_kernel(terms, smallest)
