"""What the `prepare` functions of implementations share: rows in C order, single precision."""

from __future__ import annotations

from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

# Half a unit in the last place of float32 is 6e-8 of each value of X. A sum of 1e5 terms rounds by
# some sqrt(1e5) = 316 times that where rounding does not conspire; BLAS's blocked sums stay below.
SINGLE_RTOL = 2e-5


def as_rows(X: Array, y: Array) -> tuple[Array, Array]:
    """X and y in C order, copied only where they are not."""
    return np.ascontiguousarray(X), np.ascontiguousarray(y)


def as_single(X: Array, y: Array) -> tuple[Array, Array]:
    """X in float32 and C order; y in float32 unless it indexes classes."""
    return X.astype(np.float32, order="C"), y.astype(np.float32) if y.dtype.kind == "f" else y
