"""One pass as one writes it in C: a loop over the samples, shared out to threads by OpenMP.

Passes over X: 1 (a row stays in cache for its second use). Temporaries: one gradient of d values
per thread. Order of additions: the samples' own within a thread's share, then share by share in the
order in which threads end; within an inner product by vector lanes. `prepare` compiles, which takes
a C compiler. ctypes, which hands over the arrays, takes some 5 us of a call.
Source: the gradient-descent text's linear regression, in C (`impls/_one_pass.c`); compiled for the
processor with -O3.
"""

from pathlib import Path

from impls._c import make_kernel

PEER = "C"

prepare, _summed_gradient = make_kernel(Path(__file__).with_name("_residual.c"))


def gradient(weights, X, y):
    return _summed_gradient(weights, X, y) / X.shape[0]
