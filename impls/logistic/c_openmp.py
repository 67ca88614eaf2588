"""One pass as one writes it in C: a loop over the samples, shared out to threads by OpenMP.

Passes over X: 1 (a row stays in cache for its second use). Temporaries: one gradient of d values
per thread. Order of additions: the samples' own within a thread's share, then share by share in the
order in which threads end; within an inner product by vector lanes. `prepare` compiles, which takes
a C compiler. ctypes, which hands over the arrays, takes some 5 us of a call.
Source: the vectorisation text, code 1, in C (`_one_pass.c`); compiled for the processor with -O3.
"""

import numpy as np

from impls._prepare import as_rows
from impls.logistic._c import library, require_compiler

PEER = "C"

require_compiler()


def prepare(X, y):
    library()
    return as_rows(X, y)


def gradient(weights, X, y):
    weights, total = np.ascontiguousarray(weights), np.zeros(X.shape[1])
    inputs = (array.ctypes.data for array in (weights, X, y))
    if not library().add_gradient(*inputs, *X.shape, total.ctypes.data):
        raise MemoryError(f"no memory for {total.nbytes:,} bytes of sums per thread")
    return total
