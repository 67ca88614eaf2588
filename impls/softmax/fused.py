"""One pass: a block's logits, residuals and gradient while it is in cache; on all threads.

Passes over X: 1. Temporaries per thread: a gradient of K x d values and the logits of a block of at
most 128 rows. Order of additions: 4 or 8 rows at a time within a block, then block by block, then
share by share; within an inner product by vector lanes and 2 KB or more of the features at a time.
Source: cache blocking of `class_major`, with register tiles as in BLIS instead of a product's.
"""

from impls.softmax._one_pass import gradient, loss_gradient, ready

REQUIRES = "numba"

prepare = ready

__all__ = ["gradient", "loss_gradient", "prepare"]
