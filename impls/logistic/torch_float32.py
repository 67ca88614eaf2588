"""The matrix form in PyTorch, operation by operation, in single precision.

Passes over X: 2, of half the bytes each. Temporaries: up to 3 vectors of n float32, a copy of the
weights. Order of additions: that of PyTorch's BLAS; the gradient is float32.
Source: `matrix`; PyTorch's documentation of ``inference_mode``.
"""

import numpy as np
import torch

from impls._prepare import SINGLE_RTOL, as_single
from impls._torch import as_tensors
from impls.logistic._torch import matrix_form

PEER = "PyTorch"
PREPARED_COPIES = 0.5
BYTES_PER_VALUE = 4
RTOL = SINGLE_RTOL
REQUIRES = "torch"


def prepare(X, y):
    return as_tensors(*as_single(X, y))


@torch.inference_mode()
def gradient(weights, X, y):
    return matrix_form(torch.from_numpy(weights.astype(np.float32)), X, y).numpy()
