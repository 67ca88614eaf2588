"""PyTorch's own derivative of the loss, operation by operation, in single precision.

Passes over X: 2, of half the bytes each. Temporaries: up to 5 vectors of n float32, a copy of the
weights. Order of additions: that of PyTorch's BLAS; the gradient is float32.
Source: PyTorch's documentation of ``autograd.grad``; the loss of the neural-network text.
"""

import numpy as np

from impls._prepare import SINGLE_RTOL
from impls._torch import make_kernel
from impls.sigmoid_net._torch import loss

PEER = "PyTorch"
PREPARED_COPIES = 0.5
BYTES_PER_VALUE = 4
RTOL = SINGLE_RTOL
REQUIRES = "torch"

prepare, gradient = make_kernel(loss, np.float32)
