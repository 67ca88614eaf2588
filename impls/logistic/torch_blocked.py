"""The matrix form in PyTorch on blocks of rows that fit in cache, so that memory is read once.

Passes over X: 1 (the second product finds its block in cache). Temporaries: a vector of a block's
rows, a copy of the weights. Order of additions: that of PyTorch's BLAS within a block, then block
by block.
Source: cache blocking of `torch`; PyTorch's documentation of ``addmv_``.
"""

import torch

from impls._chunks import chunk_rows
from impls._prepare import as_rows
from impls._torch import as_tensors

PEER = "PyTorch"
REQUIRES = "torch"


def prepare(X, y):
    return as_tensors(*as_rows(X, y))


@torch.inference_mode()
def gradient(weights, X, y):
    weights = torch.from_numpy(weights.copy())
    total = torch.zeros_like(weights)
    for rows in chunk_rows(X):
        residual = torch.mv(X[rows], weights).sigmoid_().sub_(y[rows])
        total.addmv_(X[rows].T, residual)
    return total.numpy()
