"""One pass: a block's logits, residuals and gradient while it is in cache; on all threads.

Passes over X: 1. Temporaries: per thread, weights and a gradient of K x d values (fewer than 64
samples: neither), kept for the next call up to 16 MB, and logits of a block of 128 rows, fewer
where 256 KB hold fewer, with its transpose where rows have few features per class.
Order of additions: by vector lanes or feature by feature within an inner product, 384 or more
features at a time; row by row within a block, then block by block, then share by share.
Source: cache blocking of `class_major`, with register tiles as in BLIS instead of BLAS's products.
"""

from impls.softmax._hessian import make_hessian
from impls.softmax._one_pass import evaluate, gradient, loss_gradient, ready

REQUIRES = "numba"

prepare = ready

__all__ = ["evaluate", "gradient", "loss_gradient", "make_hessian", "prepare"]
