"""`fused` in single precision: half the bytes, 7 digits.

Passes over X: 1, of half the bytes. Temporaries: as `fused`, with weights and logits in float32.
Order of additions: as `fused`; a block is summed in float32, the blocks in float64.
Source: `fused`.
"""

from impls._prepare import as_single
from impls.softmax._hessian import make_hessian
from impls.softmax._one_pass import evaluate, gradient, loss_gradient, ready

PREPARED_COPIES = 0.5
BYTES_PER_VALUE = 4
REQUIRES = "numba"
# Casting X and weights: half a unit in the last place is 6e-8 of each product. Sums in float32 are
# of d products, in 16 lanes, and of up to 128 rows.
RTOL = 1e-6

__all__ = ["evaluate", "gradient", "loss_gradient", "make_hessian", "prepare"]


def prepare(X, y):
    return ready(*as_single(X, y))
