"""The matrix form by torch.compile, whose loops replace BLAS's products.

Passes over X: 2. Temporaries: a vector of n values, a copy of the weights. Order of additions: that
of the generated loops. `prepare` compiles, which takes a C++ compiler.
Source: `matrix`; PyTorch's documentation of ``torch.compile``.
"""

import torch

from impls._prepare import as_rows
from impls._torch import as_tensors
from impls.logistic._torch import compile_for, compiled, require_compiler

PEER = "PyTorch"
REQUIRES = "torch"

require_compiler()


def prepare(X, y):
    return compile_for(*as_tensors(*as_rows(X, y)))


@torch.inference_mode()
def gradient(weights, X, y):
    return compiled()(torch.from_numpy(weights.copy()), X, y).numpy()
