"""What is fastest for these data: the fewest bytes that hold X exactly, and threads if they pay.

Where X does not fit in the processors' own caches, `prepare` looks whether it is 8-bit levels, or
float32, by nature, and takes the one that is read and converted faster. The result is float64's of
the same data in any case. Passes over X: 1. Temporaries: a gradient of d values and 1 KB per
thread. Order of additions: as `fused`, in float64; of a handful of samples, as `numba_loop`.
Source: the logistic-gradient text's remark that in a wider context a higher speed-up is likely.
"""

import numpy as np

from impls.logistic._fused import fused_gradient, ready
from impls.logistic._kernels import as_rows, sum_rows
from impls.logistic._storage import Levels, smallest

PREPARED_COPIES = 0.5
REQUIRES = "numba"
# Samples and values up to which a plain loop is ahead. In one race: 10 x 10 2.6 us against 3.7 of
# `fused`, 10 x 100 3.6 against 4.0, 10 x 1,000 8.3 against 8.5, 100 x 10 6.1 against 4.6.
_FEW_SAMPLES, _FEW_VALUES = 16, 1024


def prepare(X, y):
    if len(y) <= _FEW_SAMPLES and X.size <= _FEW_VALUES:
        X, y = as_rows(X, y)
        sum_rows(np.zeros(X.shape[1]), X, y)  # made or loaded here, not by the first gradient
        return X, y
    X = smallest(X)
    return (X, X.ready(y)) if isinstance(X, Levels) else ready(X, y)


def gradient(weights, X, y):
    if len(y) <= _FEW_SAMPLES and X.size <= _FEW_VALUES:  # a call to ask would take 0.1 us of 1.4
        return sum_rows(weights, X, y)
    if isinstance(X, Levels):
        return X.gradient(weights, y)
    return fused_gradient(weights, X, y)
