"""The residual as one numexpr expression, compiled at first use."""

import functools

import numexpr
import numpy as np

_EXPRESSION = "1 / (1 + exp(-z)) - y"
# In a numexpr signature Python's float stands for float32.
_KINDS = {np.dtype(np.float64): np.double, np.dtype(np.float32): float}


def residual(z, y):
    """``sigmoid(z) - y`` of two vectors of one type; where exp overflows, the sigmoid is 0."""
    return _compiled(z.dtype)(z, y)


@functools.cache
def _compiled(dtype):
    """The expression's function: `numexpr.evaluate` looks it up again on every call."""
    kind = _KINDS[dtype]
    return numexpr.NumExpr(_EXPRESSION, [("z", kind), ("y", kind)])
