"""The matrix form in PyTorch, operation by operation, in single precision.

Passes over X: 2, of half the bytes each. Temporaries: up to 3 vectors of n float32, a copy of the
weights. Order of additions: that of PyTorch's BLAS. X and y are cast in prepare; the gradient is
float32.
Source: the matrix form; PyTorch's documentation of ``inference_mode``.
"""

import numpy as np
import torch

from impls.logistic._torch import as_tensor, matrix_form

PEER = "PyTorch"
PASSES = 2
PREPARED_COPIES = 0.5
BYTES_PER_VALUE = 4
# The cast of X and float32 sums: see float32.
RTOL = 2e-5
REQUIRES = "torch"


def prepare(X, y):
    return as_tensor(X.astype(np.float32, order="C")), as_tensor(y.astype(np.float32))


@torch.inference_mode()
def gradient(weights, X, y):
    return matrix_form(torch.from_numpy(weights.astype(np.float32)), X, y).numpy()
