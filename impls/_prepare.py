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
    """X in float32, as `single_rows`, and y in float32 unless it indexes classes; in C order."""
    return single_rows(X), np.ascontiguousarray(y, np.float32 if y.dtype.kind == "f" else y.dtype)


def zero_weights(X: Array, y: Array) -> Array:
    """Weights of the shape that the data suggest: a row for each class, if y indexes classes."""
    n_features = X.shape[1]
    return np.zeros(n_features if y.dtype.kind == "f" else (int(y.max()) + 1, n_features))


def single_rows(X: Array) -> Array:
    """X in float32 and C order.

    An X that is that already is copied, so that who changes it later does not change results. A
    read-only one, as of ``np.load(path, mmap_mode="r")``, is taken as it is.
    """
    fits = X.dtype == np.float32 and X.flags.c_contiguous and is_read_only(X)
    return X if fits else X.astype(np.float32, order="C")


def is_read_only(array: Array) -> bool:
    """Whether nothing that the array's memory is known to belong to can be written to."""
    owner: Any = array
    while isinstance(owner, np.ndarray):
        if owner.flags.writeable:
            return False
        owner = owner.base
    return owner is None or memoryview(owner).readonly
