"""One pass: while a row is read, earlier rows are added from cache; on all threads.

Passes over X: 1. Temporaries: a sum of d values for each of 2 to 32 chunks of samples, and 400
bytes per thread. Order of additions: 8 rows at a time within a chunk, then chunk by chunk, by any
number of threads. The engine is that of logistic regression's `fused`, whose docstring says more.
Source: `impls/_onepass/passes.py`.
"""

from impls._onepass.kernel import make_kernel
from impls.poisson._terms import terms

X_TYPES = "uint8 float32"
REQUIRES = "numba"

prepare, gradient, loss_gradient, evaluate, make_hessian = make_kernel(terms)
