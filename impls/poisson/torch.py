"""PyTorch's own derivative of the loss, operation by operation.

Passes over X: 2. Temporaries: up to 4 vectors of n values, a copy of the weights.
Order of additions: that of PyTorch's BLAS.
Source: PyTorch's documentation of ``autograd.grad`` and of ``poisson_nll_loss``.
"""

from torch.nn.functional import poisson_nll_loss

from impls._torch import make_kernel

PEER = "PyTorch"
REQUIRES = "torch"

prepare, gradient = make_kernel(poisson_nll_loss)
