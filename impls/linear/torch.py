"""PyTorch's own derivative of the loss, operation by operation.

Passes over X: 2. Temporaries: up to 3 vectors of n values, a copy of the weights.
Order of additions: that of PyTorch's BLAS.
Source: PyTorch's documentation of ``autograd.grad`` and of ``mse_loss``.
"""

from impls._torch import make_kernel
from impls.linear._torch import loss

PEER = "PyTorch"
REQUIRES = "torch"

prepare, gradient = make_kernel(loss)
