"""The matrix form in PyTorch, operation by operation.

Passes over X: 2. Temporaries: up to 3 vectors of n values, a copy of the weights.
Order of additions: that of PyTorch's BLAS.
Source: `matrix`; PyTorch's documentation of ``inference_mode``.
"""

import torch

from impls._prepare import as_rows
from impls._torch import as_tensors
from impls.logistic._torch import matrix_form

PEER = "PyTorch"
REQUIRES = "torch"


def prepare(X, y):
    return as_tensors(*as_rows(X, y))


@torch.inference_mode()
def gradient(weights, X, y):
    return matrix_form(torch.from_numpy(weights.copy()), X, y).numpy()
