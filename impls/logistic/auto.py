"""What is fastest for these data: the fewest bytes that hold X exactly, and threads if they pay.

Where X does not fit in the processors' own caches, `prepare` looks whether it is 8-bit levels, or
float32, by nature, and takes the one that is read and converted faster. The result is float64's of
the same data in any case. Passes over X: 1. Temporaries: a gradient of d values and 1 KB per
thread, 4 KB of the smallest X. Order of additions: as `fused`, in float64.
Source: the logistic-gradient text's remark that in a wider context a higher speed-up is likely.
"""

from impls._onepass.storage import Levels, smallest
from impls._onepass.threads import fused_gradient, ready

PREPARED_COPIES = 0.5
REQUIRES = "numba"

gradient = fused_gradient


def prepare(X, y):
    X = smallest(X)
    return (X, X.ready(y)) if isinstance(X, Levels) else ready(X, y)
