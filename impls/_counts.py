"""Checks of single numbers that callers hand over."""

from __future__ import annotations

import operator
from typing import Any

from impls._errors import told


def check_count(name: str, count: Any, least: int = 1) -> int:
    """A whole number of any type, such as NumPy's.

    Raises
    ------
    TypeError, ValueError
        Names the argument, what was given and what was expected.
    """
    expected = f"expected a whole number of at least {least}"
    try:
        value = operator.index(count)
    except TypeError:
        raise TypeError(f"{name} is {told(count)}, {expected}") from None
    if value < least:
        raise ValueError(f"{name} is {told(value)}, {expected}")
    return value


def as_float(number: Any) -> float:
    """A number as a float; one that is too large is infinite."""
    try:
        return float(number)
    except OverflowError:
        return float("inf") if number > 0 else -float("inf")
