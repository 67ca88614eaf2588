"""How arrays lie in memory: what tells prepared ones from others."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np


class Form(NamedTuple):
    """What a kernel relies on in an array; other libraries' arrays are told by their type alone.

    Attributes
    ----------
    kind : str
        The type, and of what it holds with its byte order.
    aligned, c_order, f_order : bool
        Whether values lie where the processor expects them, and next to each other in which order.
    """

    kind: str
    aligned: bool
    c_order: bool
    f_order: bool

    def serves_as(self, other: Form) -> bool:
        """Whether a kernel that takes the other form takes this one."""
        pairs = zip(self[1:], other[1:], strict=True)
        return self.kind == other.kind and all(mine >= its for mine, its in pairs)


def form_of(array: Any) -> Form:
    """The form of an array, whoever's it is."""
    kind = type(array)
    name = f"{kind.__module__}.{kind.__qualname__}"
    if not isinstance(array, np.ndarray):
        return Form(f"{name} {getattr(array, 'dtype', '')}", True, True, True)
    flags = array.flags
    return Form(f"{name} {array.dtype.str}", flags.aligned, flags.c_contiguous, flags.f_contiguous)
