"""PyTorch's own derivative of the loss, operation by operation.

Passes over X: 2. Temporaries: up to 5 vectors of n values, a copy of the weights.
Order of additions: that of PyTorch's BLAS.
Source: PyTorch's documentation of ``autograd.grad``; the loss of the neural-network text.
"""

from impls._torch import make_kernel
from impls.sigmoid_net._torch import loss

PEER = "PyTorch"
REQUIRES = "torch"

prepare, gradient = make_kernel(loss)
