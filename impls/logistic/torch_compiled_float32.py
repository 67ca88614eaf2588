"""The matrix form by torch.compile, in single precision.

Passes over X: 2, of half the bytes each. Temporaries: a vector of n float32, a copy of the
weights. Order of additions: that of the generated loops. `prepare` casts and compiles, which takes
a C++ compiler; the gradient is float32.
Source: `matrix`; PyTorch's documentation of ``torch.compile``.
"""

import numpy as np
import torch

from impls._prepare import SINGLE_RTOL, as_single
from impls._torch import as_tensors
from impls.logistic._torch import compile_for, compiled, require_compiler

PEER = "PyTorch"
PREPARED_COPIES = 0.5
BYTES_PER_VALUE = 4
RTOL = SINGLE_RTOL
REQUIRES = "torch"

require_compiler()


def prepare(X, y):
    return compile_for(*as_tensors(*as_single(X, y)))


@torch.inference_mode()
def gradient(weights, X, y):
    return compiled()(torch.from_numpy(weights.astype(np.float32)), X, y).numpy()
