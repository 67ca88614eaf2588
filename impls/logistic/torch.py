"""The matrix form in PyTorch, operation by operation.

Passes over X: 2. Temporaries: up to 3 vectors of n values, a copy of the weights.
Order of additions: that of PyTorch's BLAS.
Source: the matrix form; PyTorch's documentation of ``inference_mode``.
"""

import numpy as np
import torch

from impls.logistic._torch import as_tensor, matrix_form

PEER = "PyTorch"
PASSES = 2
REQUIRES = "torch"


def prepare(X, y):
    return as_tensor(np.ascontiguousarray(X)), as_tensor(np.ascontiguousarray(y))


@torch.inference_mode()
def gradient(weights, X, y):
    return matrix_form(torch.from_numpy(weights.copy()), X, y).numpy()
