"""Checks of users' input, made once and outside every timed interval."""

from __future__ import annotations

from typing import Any

import numpy as np

from impls import _numerics


def check_array(name: str, array: Any) -> None:
    """Refuse anything but a plain NumPy array of real numbers.

    Raises
    ------
    TypeError
        Names the argument, its type or dtype and what was expected.
    """
    if not isinstance(array, np.ndarray):
        raise TypeError(f"{name} is a {type(array).__name__}, expected a NumPy array")
    check_plain(name, array)
    if array.dtype.kind not in "fiub":
        raise TypeError(f"{name} has dtype {array.dtype}, expected a real number type")


def check_plain(name: str, array: Any) -> None:
    """Refuse array types whose values or operators differ from a plain array's.

    Raises
    ------
    TypeError
        Names the argument and what to do.
    """
    if isinstance(array, np.ma.MaskedArray):
        raise TypeError(
            f"{name} is a masked array, expected a plain one: "
            "fill its masked values, or drop their samples"
        )
    if isinstance(array, np.matrix):
        raise TypeError(f"{name} is a numpy.matrix, expected a plain array: numpy.asarray(...)")


def check_batch(X: Any, y: Any) -> None:
    """Refuse a batch that is not X (n_samples, n_features) and y (n_samples,), each at least 1.

    Raises
    ------
    TypeError, ValueError
        Names the argument, its shape or dtype and what was expected.
    """
    check_array("X", X)
    check_array("y", y)
    _check_size(X.shape)
    expect_shape("y", y, (X.shape[0],), "(n_samples,) of X")


def _check_size(shape: tuple[int, ...]) -> None:
    """Refuse a shape of X without samples or features: no formula gives it a gradient."""
    if len(shape) != 2 or 0 in shape:
        raise ValueError(f"X has shape {shape}, expected (n_samples, n_features), both at least 1")


def check_labels(y: Any, right: Any, expected: str) -> None:
    """Refuse labels unless all are right.

    Parameters
    ----------
    y, right : ndarray
        (n_samples,); `right` is True for each label that the problem allows, and False for NaN.
    expected : str
        Labels that the problem allows, for the message.

    Raises
    ------
    ValueError
        Names the first wrong label and what was expected.
    """
    if not right.all():
        first = int(np.argmin(right))
        raise ValueError(f"y[{first}] is {y[first]}, expected {expected}")


def check_finite(name: str, array: Any) -> None:
    """Refuse an array that holds NaN or an infinity.

    Raises
    ------
    ValueError
        Names the first such value and its place.
    """
    rows = array.reshape(len(array), -1)
    for block in _numerics.blocks(rows):
        finite = np.isfinite(rows[block])
        if not finite.all():
            row, column = np.unravel_index(int(np.argmin(finite)), finite.shape)
            place = [block.start + int(row), int(column)][: array.ndim]
            raise ValueError(f"{name}{place} is {array[tuple(place)]}, expected a finite number")


def as_plain(array: Any, dtype: Any) -> Any:
    """A plain array of a type, aligned and in native byte order; copied only if it is not that."""
    return np.require(array, dtype, ("ALIGNED", "ENSUREARRAY"))


def as_float64(array: Any) -> Any:
    """`array` as a plain one of float64."""
    return as_plain(array, np.float64)


def check_call(weights: Any, X: Any, y: Any) -> tuple[int, int]:
    """Refuse weights that are not a real array, an empty X, and a y whose shape does not match X.

    Returns
    -------
    (n_samples, n_features)

    Raises
    ------
    TypeError, ValueError
        Names the argument, its type or shape and what was expected.
    """
    check_array("weights", weights)
    n_samples, n_features = shape_of("X", X, 2)
    _check_size((n_samples, n_features))
    expect_shape("y", y, (n_samples,), "(n_samples,) of X")
    return n_samples, n_features


def check_features(weights: Any, X: Any, n_dimensions: int) -> None:
    """Refuse weights and an X that are no arrays of real numbers or differ in their features.

    Raises
    ------
    TypeError, ValueError
        Names the argument, its type or shape and what was expected.
    """
    check_array("weights", weights)
    check_array("X", X)
    _check_size(X.shape)
    shape = (*shape_of("weights", weights, n_dimensions)[:-1], X.shape[1])
    expect_shape("weights", weights, shape, "the last is n_features of X")
    if weights.size == 0:
        raise ValueError(f"weights has shape {weights.shape}, expected a row for at least 1 class")


def expect_shape(name: str, array: Any, shape: tuple[int, ...], meaning: str) -> None:
    """Refuse an array of another shape; a prepared array may be another library's.

    Raises
    ------
    TypeError, ValueError
        Names the argument, its type or shape and what was expected.
    """
    if shape_of(name, array, len(shape)) != shape:
        raise ValueError(f"{name} has shape {tuple(array.shape)}, expected {shape}: {meaning}")


def shape_of(name: str, array: Any, n_dimensions: int) -> tuple[int, ...]:
    """Shape of an array, whatever library it is from, with the expected number of dimensions.

    Raises
    ------
    TypeError, ValueError
        Names the argument, its type or shape and what was expected.
    """
    shape = getattr(array, "shape", None)
    if not isinstance(shape, tuple) or isinstance(array, type):
        raise TypeError(f"{name} is a {type(array).__name__}, expected an array")
    check_plain(name, array)
    shape = tuple(shape)
    if len(shape) != n_dimensions:
        raise ValueError(f"{name} has shape {shape}, expected {n_dimensions} dimension(s)")
    return shape
