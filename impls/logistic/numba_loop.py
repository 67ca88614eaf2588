"""One compiled loop over the samples: a row is used for both products while it is in cache.

Passes over X: 1. Temporaries: none but the gradient (d values).
Order of additions: the samples' own; within an inner product as the vector registers give it.
Source: code 1 of the vectorisation text, compiled; serial.
"""

from impls.logistic._kernels import as_rows, sum_rows

THREADS = 1
REQUIRES = "numba"

prepare = as_rows
gradient = sum_rows
