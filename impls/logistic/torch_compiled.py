"""The matrix form by torch.compile, whose loops replace BLAS's products.

Passes over X: 2. Temporaries: a vector of n values, a copy of the weights. Order of additions: as
the generated loops have it. Compiled in prepare, by a C++ compiler that has to be there.
Source: the matrix form; PyTorch's documentation of ``torch.compile``.
"""

import numpy as np
import torch

from impls.logistic._torch import as_tensor, compile_for, compiled, require_compiler

PEER = "PyTorch"
PASSES = 2
REQUIRES = "torch"

require_compiler()


def prepare(X, y):
    return compile_for(as_tensor(np.ascontiguousarray(X)), as_tensor(np.ascontiguousarray(y)))


@torch.inference_mode()
def gradient(weights, X, y):
    return compiled()(torch.from_numpy(weights.copy()), X, y).numpy()
