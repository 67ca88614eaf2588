"""`fused` in single precision: half the bytes, 7 digits.

Passes over X: 1, of half the bytes.
Temporaries: of up to 512 samples per thread, a float32 gradient of d values per thread; of more,
a float64 gradient, and up to 1,000 features float32 weights and gradient; 0.5 KB per thread.
Order of additions: as `fused`, up to 512 rows in float32. X and y are cast in prepare.
Source: the logistic-gradient text's remark that the algorithm is limited by memory bandwidth.
"""

import numpy as np

from impls._onepass.threads import fused_gradient, ready
from impls._onepass.vectors import move_alone

PREPARED_COPIES = 0.5
BYTES_PER_VALUE = 4
REQUIRES = "numba"
MOVES_ALONE = move_alone
# Casting X and weights: half a unit in the last place is 6e-8 of each product. Sums in float32 are
# of d products, in 8 lanes, and of up to 512 rows, 8 at a time.
RTOL = 1e-6

gradient = fused_gradient


def prepare(X, y):
    return ready(X.astype(np.float32), y.astype(np.float32))
