"""How accurate a gradient is: the extended-precision reference and the error against it."""

from __future__ import annotations

from typing import Any, cast

import numpy as np

from impls._checks import check_plain
from impls._frames import as_array
from impls._table import problem_module

Array = np.ndarray[Any, Any]


def reference(problem: str, weights: Array, X: Array, y: Array) -> Array:
    """Gradient in extended precision, by the problem's formula and nothing faster.

    Parameters
    ----------
    problem : str
        Name of the problem.
    weights, X, y : ndarray
        In the problem's own shapes, any real dtype and memory order; X may be a DataFrame of
        pandas', y a Series.

    Returns
    -------
    ndarray of longdouble
        64-bit mantissa on x86-64, 113-bit on 64-bit Arm Linux; where NumPy's longdouble is
        float64 (Windows, Apple silicon) no more precise than the kernels.

    Raises
    ------
    UnknownName
        If there is no such problem.
    TypeError, ValueError
        If a dtype, a shape or a label does not fit the problem.
    """
    module = problem_module(problem)
    X, y = as_array("X", X), as_array("y", y)
    module.check(X, y)
    module.check_shapes(weights, X, y)
    return cast("Array", module.reference(*map(np.asarray, (weights, X, y))))


def relative_error(problem: str, gradient: Array, weights: Array, X: Array, y: Array) -> float:
    """Largest error of `gradient`, relative to the sum of the absolute terms of its component.

    The terms are those that the problem's formula adds up, before anything cancels, and the effect
    on them of rounding the inner products. An error of 1e-16 is thus the last bit of a float64 even
    where the gradient itself is nearly zero. A wrong shape or a value that is not finite counts as
    an infinite error.

    Raises
    ------
    UnknownName, TypeError, ValueError
        As `reference` raises them.
    """
    check_plain("gradient", gradient)
    return compare(gradient, reference(problem, weights, X, y), terms(problem, weights, X, y))


def terms(problem: str, weights: Array, X: Array, y: Array) -> Array:
    """Sum of the absolute terms of each component: the unit of `relative_error`."""
    plain = map(np.asarray, (weights, as_array("X", X), as_array("y", y)))
    return cast("Array", problem_module(problem).absolute_terms(*plain))


def exact_gradient(problem: str, weights: Array, X: Array, y: Array) -> tuple[Array, Array]:
    """Reference gradient and the sum of its absolute terms."""
    return reference(problem, weights, X, y), terms(problem, weights, X, y)


def compare(gradient: Array, exact: Array, scale: Array) -> float:
    """Largest ``|gradient - exact| / scale``; 0 / 0 counts as 0, a value not finite as infinite."""
    if np.shape(gradient) != exact.shape or not np.all(np.isfinite(gradient)):
        return float("inf")
    if not (np.all(np.isfinite(exact)) and np.all(np.isfinite(scale))):
        return float("inf")
    difference = np.abs(np.asarray(gradient, dtype=exact.dtype) - exact)
    with np.errstate(divide="ignore"):  # an error where every term is 0 is infinite
        ratio = np.divide(difference, scale, out=np.zeros_like(exact), where=difference > 0)
    return float(ratio.max())
