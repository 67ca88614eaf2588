"""What callers may hand over instead of an array of numbers.

Odd values are made once: drawing one of them is as quick as drawing a number.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
import scipy.sparse
from hypothesis import strategies as st

NUMBERS = [0.0, -0.0, 1.0, -1.0, 0.5, 255.0, 5e-324, 1e-310, 1e-45, 1e39, -1e300, 1.7e308]
NO_NUMBERS = [np.nan, np.inf, -np.inf]
TYPES = ["f8", "f4", "f2", "g", ">f8", ">f4", "i1", "i8", ">i4", "u1", "u8", "?", "c16", "c8"]
TYPES += ["O", "S3", "U3", "M8[s]", "m8[s]", "V4", [("a", "f8"), ("b", "i4")]]
COLUMN_TYPES = ["float64", "int8", "uint8", "Int64", "Float32", "boolean", "bool", "object"]
COLUMN_TYPES += ["string", "category", "datetime64[ns]", "Sparse[int]", "complex128"]
LABELS = ["y", "", 0, -1, None, ("a", 1), "two\nlines", "\x1b[2J", "a" * 99, "🙂"]


# What a change raises for an array that it does not apply to.
_NO_CHANGE = (TypeError, ValueError, IndexError, AttributeError, NotImplementedError)
_NO_CHANGE += (np.exceptions.ComplexWarning, OverflowError)


class Liar:
    """Says that it has a shape, as an array of another library would."""

    dtype = np.dtype(np.float64)

    def __init__(self, shape: Any) -> None:
        self.shape = shape

    def __len__(self) -> int:
        return 3


def cast(array: Any, dtype: Any) -> Any:
    """The array in another type, whatever becomes of its values; zeros where there is no cast."""
    dtype = np.dtype(dtype)
    with np.errstate(all="ignore"):
        if dtype.kind in "fciubOg":
            return np.nan_to_num(array).astype(dtype)
        return np.zeros(np.shape(array), dtype)


def _with(value: float) -> Callable[[Any], Any]:
    def spoil(array: Any) -> Any:
        copy = np.array(array, np.float64)
        if copy.size:
            copy.flat[-1] = value
        return copy

    return spoil


def _unaligned(array: Any) -> Any:
    memory = bytearray(b"0" + array.tobytes())  # which can be written to, as arrays usually can
    return np.frombuffer(memory, array.dtype, offset=1).reshape(array.shape)


# What may be done to a right array; each takes an array and returns what is handed over.
CHANGES: dict[str, Callable[[Any], Any]] = {
    **{f"as {dtype}": lambda array, dtype=dtype: cast(array, dtype) for dtype in TYPES},
    **{f"one {value}": _with(value) for value in NUMBERS + NO_NUMBERS},
    "negated": lambda array: -array,
    "fractions": lambda array: array + 0.25,
    "turned": np.flip,
    "transposed": lambda array: array.T,
    "column-major": np.asfortranarray,
    "every second": lambda array: np.repeat(array, 2, axis=-1)[..., ::2],
    "unaligned": _unaligned,
    "one row": lambda array: np.broadcast_to(array[:1], (3, *array.shape[1:])),
    "masked": np.ma.array,
    "all masked": lambda array: np.ma.masked_all_like(array),
    "matrix": lambda array: array.view(np.matrix),
    "memory map": lambda array: array.view(np.memmap),
    "record": lambda array: array.view(np.recarray),
    "list": lambda array: array.tolist(),
    "sparse": lambda array: scipy.sparse.csr_array(np.atleast_2d(array)),
    "one more axis": lambda array: array[..., np.newaxis],
    "one axis less": lambda array: array[0],
    "flat": np.ravel,
    "longer": lambda array: np.concatenate([array, array[:1]]),
    "shorter": lambda array: array[:-1],
    "wider": lambda array: np.repeat(array, 2, axis=-1),
    "narrower": lambda array: array[..., :-1],
    "nothing": lambda array: array[:0],
    "frame": lambda array: pd.DataFrame(array),
    "series": lambda array: pd.Series(list(array)),
    "index": lambda array: pd.Index(np.ravel(array)),
}


def changed(array: Any, change: str) -> Any:
    """The array after a change; as it was where the change does not apply to it."""
    try:
        with np.errstate(all="ignore"):
            return CHANGES[change](array)
    except _NO_CHANGE:
        return array


def column(kind: str, n_samples: int, label: Any, lacks: bool) -> Any:
    """A column of pandas', of any type; if it lacks a value, where its type allows that."""
    made = pd.Series(np.arange(n_samples) % 2, name=label).astype(kind)
    if lacks and n_samples and kind not in ("int8", "uint8", "bool", "Sparse[int]"):
        made = made.where(pd.Series(np.arange(n_samples) != n_samples // 2))
    return made


_made = itertools.product(COLUMN_TYPES, range(5), (False, True))
COLUMNS = [column(kind, n, LABELS[k % 10], x) for k, (kind, n, x) in enumerate(_made)]


@st.composite
def tables(draw: Any) -> Any:
    """A table of up to three columns, which may share a name."""
    n = draw(st.integers(0, 4))
    fit = [each for each in COLUMNS if len(each) == n]
    found = [draw(st.sampled_from(fit)) for _ in range(draw(st.integers(0, 3)))]
    return pd.concat(found, axis=1) if found else pd.DataFrame(index=range(n))


THINGS: list[Any] = [
    *(None, True, False, "", "y", "logistic", "two\nlines", "\x1b[2J", "a" * 9999, "\udcff", b"b"),
    *(0, 1, -1, 2**63, 10**400, -(10**400), 0.5, -0.0, 1e300, np.nan, np.inf, -np.inf, 1 + 2j),
    *(np.float32(0.5), np.float64(np.nan), np.int8(3), np.True_, np.datetime64("2020")),
    *([], [1.0], [[1.0]], (), (1, 2), {}, {"a": 1}, {1}, range(3), slice(3), print, np.float64),
    *(memoryview(b"abc"), bytearray(b"a"), object(), Ellipsis, NotImplemented, ValueError("a\nb")),
    *(Liar(each) for each in [(), (3,), (3, 2), [3, 2], None, "33", (3, -1), (0, 0), (1.5, 2)]),
    *(np.zeros(shape) for shape in [(), (0,), (1,), (3,), (0, 0), (2, 0), (1, 1), (2, 3, 4)]),
    *(cast(np.ones((3, 2)), dtype) for dtype in TYPES),
    *(cast(np.ones(3), dtype) for dtype in TYPES),
    *COLUMNS,
    *(pd.concat(COLUMNS[k : k + 20 : 10], axis=1) for k in range(0, 40, 2)),
    scipy.sparse.csr_array(np.eye(3)),
    scipy.sparse.coo_array(np.eye(3, dtype=int)),
]
things = st.sampled_from(THINGS)
numbers = st.sampled_from([*NUMBERS, *NO_NUMBERS])
