"""PyTorch's own derivative of its loss, operation by operation.

Passes over X: 2. Temporaries: up to 3 vectors of n values, a copy of the weights.
Order of additions: that of PyTorch's BLAS.
Source: PyTorch's documentation of ``binary_cross_entropy_with_logits`` and ``autograd.grad``.
"""

from torch.nn.functional import binary_cross_entropy_with_logits

from impls._torch import make_kernel

PEER = "PyTorch"
REQUIRES = "torch"


def _loss(z, y):
    return binary_cross_entropy_with_logits(z, y, reduction="sum")


prepare, gradient = make_kernel(_loss)
