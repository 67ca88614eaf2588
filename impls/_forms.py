"""Type and memory layout of arrays, by which prepared arrays are recognised."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np


class Form(NamedTuple):
    """Properties of an array that a kernel relies on.

    Attributes
    ----------
    kind : str
        The array's type and its dtype, byte order included.
    aligned, c_order, f_order : bool
        NumPy's flags; all true for an array of another library.
    """

    kind: str
    aligned: bool
    c_order: bool
    f_order: bool

    def serves_as(self, other: Form) -> bool:
        """Whether a kernel that accepts the other form also accepts this one."""
        pairs = zip(self[1:], other[1:], strict=True)
        return self.kind == other.kind and all(mine >= its for mine, its in pairs)


def form_of(array: Any) -> Form:
    """Form of an array of any library."""
    kind = type(array)
    name = f"{kind.__module__}.{kind.__qualname__}"
    if not isinstance(array, np.ndarray):
        return Form(f"{name} {getattr(array, 'dtype', '')}", True, True, True)
    flags = array.flags
    return Form(f"{name} {array.dtype.str}", flags.aligned, flags.c_contiguous, flags.f_contiguous)
