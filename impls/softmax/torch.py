"""PyTorch's own derivative of the loss, operation by operation.

Passes over X: 2. Temporaries: up to 3 tables of n x K values, a copy of the weights.
Order of additions: that of PyTorch's BLAS.
Source: PyTorch's documentation of ``autograd.grad`` and of ``cross_entropy``.
"""

from torch.nn.functional import cross_entropy

from impls._torch import make_kernel

PEER = "PyTorch"
REQUIRES = "torch"

prepare, gradient = make_kernel(cross_entropy)
