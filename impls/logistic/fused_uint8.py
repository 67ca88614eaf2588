"""`fused` on 8-bit levels: an eighth of the bytes, and float64's gradient of the same data.

For data that is 8-bit by nature, as pixels are, scaled or standardised as it may be; `prepare`
refuses other data. Passes over X: 1, of an eighth of the bytes. Temporaries: a gradient of d + 1
values and 1 KB per thread, a vector of d + 1. Order of additions: as `fused`, in float64; scale and
offset of each feature are folded into the weights and into the sums. Arithmetic is its limit, not
memory: for each of their two uses, 8 levels take a widening, a conversion and a product, 6
instructions on 2 ports: 0.375 cycles a level, where memory would bring one in 0.25 (10 GB/s for
each core, at 2.5 GHz). To keep converted rows for their second use would take 8 times their bytes
as workspace.
Source: the logistic-gradient text's remark that the algorithm is limited by memory bandwidth.
"""

from impls.logistic._fused import ready
from impls.logistic._storage import as_levels

PREPARED_COPIES = 0.125
BYTES_PER_VALUE = 1
REQUIRES = "numba"


def prepare(X, y):
    X = as_levels(X)
    _, y = ready(X.levels, y)
    return X, y


def gradient(weights, X, y):
    return X.gradient(weights, y)
