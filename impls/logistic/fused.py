"""One pass: while a row is read, earlier rows are added from cache; on all threads.

Passes over X: 1 (up to 96 KB, which stay in L1 or L2, X is read and then added). Temporaries: a sum
of d values for each of 2 to 32 chunks of samples, which threads take as they have time, and 400
bytes per thread; 4 KB for the smallest X. Order of additions: 8 rows at a time (4 by some
processors from memory; 4, 2 and 1 for what is left over) within a chunk, then chunk by chunk, by
any number of threads; within an inner product by vector lanes. For few long rows the threads share
out the features, and each inner product is the sum of their parts. Beside other work, one thread is
used while threads lose. `prepare` copies an X that fits in cache and does not begin with a cache
line.
Source: the fused kernels of `impls/_onepass/passes.py`: BLIS's dotxaxpyf, BiCGK and ATAX of
Build-to-Order BLAS, SystemML's mmchain.
"""

from impls._onepass.kernel import make_kernel
from impls.logistic._terms import terms

X_TYPES = "uint8 float32"
REQUIRES = "numba"

prepare, gradient, loss_gradient, evaluate, make_hessian = make_kernel(terms)
