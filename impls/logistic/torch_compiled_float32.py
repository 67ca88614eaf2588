"""The matrix form by torch.compile, in single precision.

Passes over X: 2, of half the bytes each. Temporaries: a vector of n float32, a copy of the
weights. Order of additions: as the generated loops have it. X and y are cast in prepare, which
compiles, by a C++ compiler that has to be there; the gradient is float32.
Source: the matrix form; PyTorch's documentation of ``torch.compile``.
"""

import numpy as np
import torch

from impls.logistic._torch import as_tensor, compile_for, compiled, require_compiler

PEER = "PyTorch"
PASSES = 2
PREPARED_COPIES = 0.5
BYTES_PER_VALUE = 4
# The cast of X and float32 sums in long loops: see float32.
RTOL = 2e-5
REQUIRES = "torch"

require_compiler()


def prepare(X, y):
    X, y = X.astype(np.float32, order="C"), y.astype(np.float32)
    return compile_for(as_tensor(X), as_tensor(y))


@torch.inference_mode()
def gradient(weights, X, y):
    return compiled()(torch.from_numpy(weights.astype(np.float32)), X, y).numpy()
