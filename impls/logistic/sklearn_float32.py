"""scikit-learn's gradient in single precision.

Passes over X: 2, of half the bytes each. Temporaries: 3 vectors of n float32, 3 of d.
Order of additions: BLAS's; the gradient is float32.
Source: scikit-learn, as `sklearn`.
"""

import numpy as np

from impls._prepare import SINGLE_RTOL, as_single
from impls.logistic._sklearn import summed_gradient

PEER = "scikit-learn"
PREPARED_COPIES = 0.5
BYTES_PER_VALUE = 4
RTOL = SINGLE_RTOL
REQUIRES = "scikit-learn"

prepare = as_single


def gradient(weights, X, y):
    return summed_gradient(weights.astype(np.float32), X, y)
