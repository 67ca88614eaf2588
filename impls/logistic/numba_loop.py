"""One compiled loop over the samples: a row is used for both products while it is in cache.

Passes over X: 1. Temporaries: none but the gradient (d values).
Order of additions: the samples' own; within an inner product by vector lanes.
Source: the vectorisation text, code 1, compiled by numba; serial.
"""

from impls._loops import make_serial
from impls._prepare import as_rows
from impls.logistic._residual import residual

THREADS = 1
REQUIRES = "numba"

prepare = as_rows
gradient = make_serial(residual)
