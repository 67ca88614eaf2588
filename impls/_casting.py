"""Checks that data fit a narrower type: each feature to rounding of its own size, or Unfit."""

from __future__ import annotations

from typing import Any, cast

import numpy as np

from impls import _numerics
from impls._checks import as_float64
from impls._errors import Unfit

Array = np.ndarray[Any, Any]

# float32 values are multiplied by residuals and summed in float32, so they must stay a factor of
# 2^23 away from both ends of its range. float16 values are computed in float32 and need no margin.
_ROOM = {np.dtype(np.float32): 2.0**23}


def check_stored(X: Array, y: Array, n_bytes: Any) -> None:
    """Refuse an X that does not fit 4 or 2 bytes per value, or a y that does not fit float32.

    Raises
    ------
    Unfit
        If `check_fits` raises it.
    """
    dtype = {4: np.float32, 2: np.float16}.get(n_bytes)
    if dtype is not None:
        check_fits(X, dtype, "X")
        if y.dtype.kind == "f":
            check_fits(y, np.float32, "y")


def check_fits(values: Array, dtype: Any, name: str) -> None:
    """Refuse values that do not fit a narrower type. NaN and infinities fit.

    Parameters
    ----------
    values : ndarray
        X, whose features are judged separately, or a vector.
    dtype : dtype
        A floating-point type.
    name : str
        Name of the values, for the message.

    Raises
    ------
    Unfit
        If a value is too large for the type, or a feature loses more than rounding because its
        values are subnormal in the type.
    """
    dtype = np.dtype(dtype)
    rows = values.reshape(len(values), -1)
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        lossy = _lossy_features(rows, dtype)
        if lossy.any():
            j = int(np.argmax(lossy))
            what = f"feature {j} of {name}" if values.ndim > 1 else name
            low, high = rows[:, j].min(), rows[:, j].max()
            raise Unfit(
                f"{what}, from {low:.3g} to {high:.3g}, loses more than rounding in {dtype}; "
                "scale it to about 1, or take an implementation of a wider type"
            )


def in_float64(values: Array, name: str) -> Array:
    """`values` as a plain float64 array; raises Unfit if values of a wider type do not fit."""
    if values.dtype.itemsize > np.dtype(np.float64).itemsize:
        check_fits(values, np.float64, name)
    return cast("Array", as_float64(values))


def check_single(weights: Array) -> None:
    """Refuse finite weights that are infinite in float32.

    Raises
    ------
    Unfit
        Names the first such weight.
    """
    outside = (np.abs(weights) > np.finfo(np.float32).max) & np.isfinite(weights)
    if outside.any():
        place = tuple(int(i) for i in np.argwhere(outside)[0])
        raise Unfit(
            f"weights{list(place)} is {weights[place]:.3g}, which float32 does not hold; "
            "take an implementation of float64"
        )


def check_narrow_gradient(gradient: Array, weights: Array, X: Any, y: Any) -> None:
    """Refuse a gradient that is infinite or NaN only because float32 computed it.

    Raises
    ------
    Unfit
        If the gradient is not finite, and weights, X and y are.
    """
    if np.isfinite(gradient).all():
        return
    if all(np.isfinite(np.asarray(each, np.float64)).all() for each in (weights, X, y)):
        raise Unfit(
            "the gradient of these data is out of float32's range; scale X to about 1, or take an "
            "implementation of float64"
        )


def _lossy_features(rows: Array, dtype: np.dtype[Any]) -> Array:
    """For each feature, whether casting loses more than eps of the sum of its absolute values."""
    limits, room = np.finfo(dtype), _ROOM.get(dtype, 1.0)
    least, most = float(limits.tiny) * room, float(limits.max) / room
    # Sums in at least float64: in float32 they would stop to grow after some 1e7 rows.
    lost, size = np.zeros((2, rows.shape[1]), np.result_type(rows.dtype, np.float64))
    for block in _numerics.blocks(rows):
        part = rows[block]
        magnitude = np.abs(part)
        size += magnitude.sum(axis=0, dtype=size.dtype)
        outside = (magnitude > most) | ((magnitude < least) & (magnitude > 0))
        if outside.any():
            error = np.abs((part / room).astype(dtype).astype(rows.dtype) * room - part)
            error[magnitude > most] = np.inf
            error[~np.isfinite(part)] = 0
            lost += error.sum(axis=0, dtype=lost.dtype)
    lossy: Array = (lost > limits.eps * size) | np.isinf(lost)
    return lossy
