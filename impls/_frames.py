"""Tables as arrays: pandas' frames and columns are converted, what holds no plain numbers refused.

Neither pandas nor SciPy is imported: a table of theirs exists only where its library is loaded.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from typing import Any

import numpy as np

from impls._errors import one_line

_LONGEST = 40  # characters of a value that a message shows


def as_array(name: str, values: Any) -> Any:
    """`values` as a NumPy array if it is pandas' DataFrame or Series, else `values` itself.

    Columns of one type keep it; of several, all get the least type that holds each. A frame that
    stores its columns as one array is not copied.

    Raises
    ------
    TypeError
        If a column holds no real numbers, with its name and dtype; if `values` is sparse.
    ValueError
        If a value is missing, with its column and its row.
    """
    if isinstance(values, _classes("pandas", "DataFrame")):
        return _from_frame(name, values)
    if isinstance(values, _classes("pandas", "Series")):
        check_column(f"{name}, the column {shown(values.name)},", values)
        return values.to_numpy(_numpy_type(values.dtype))
    if isinstance(values, _classes("scipy.sparse", "sparray", "spmatrix")):
        raise TypeError(
            f"{name} is sparse ({type(values).__name__}, shape {values.shape}), expected a dense "
            f"array; if it fits in memory: {name}.toarray()"
        )
    return values


def check_column(where: str, column: Any) -> None:
    """Refuse a column of pandas' that does not hold a real number in every row.

    Parameters
    ----------
    where : str
        The column, as the subject of the message.

    Raises
    ------
    TypeError, ValueError
        As `as_array`.
    """
    kind = getattr(column.dtype, "kind", "O")
    # pandas does not look for missing values among raw bytes.
    missing = np.zeros(len(column), bool) if kind == "V" else column.isna().to_numpy()
    if kind not in "fiub":
        known = column.to_numpy()[~missing]
        such = f", such as {shown(known[0])}" if len(known) else ""
        raise TypeError(
            f"{where} has dtype {column.dtype}{such}, expected real numbers: encode it as numbers, "
            "or leave it out"
        )
    if missing.any():
        raise ValueError(
            f"{where} lacks a value in row {int(np.argmax(missing))}, counted from 0, expected "
            "none missing: fill it in, or drop the row"
        )


def shown(value: Any) -> str:
    """A name or a value from outside, as a short text in quotes that every terminal takes."""
    text = one_line(str(value))
    return repr(text if len(text) <= _LONGEST else f"{text[:_LONGEST]}...")


def stacked(columns: Iterable[Any], n_samples: int) -> Any:
    """Columns of pandas' side by side, in C order and the least type that holds each."""
    columns = list(columns)
    types = [_numpy_type(column.dtype) for column in columns]
    array = np.empty((n_samples, len(columns)), np.result_type(*types))
    for j, (column, dtype) in enumerate(zip(columns, types, strict=True)):
        array[:, j] = column.to_numpy(dtype)
    return array


def _from_frame(name: str, frame: Any) -> Any:
    columns = [frame.iloc[:, j] for j in range(frame.shape[1])]
    for column in columns:
        check_column(f"column {shown(column.name)} of {name}", column)
    types = {column.dtype for column in columns}
    if len(types) == 1 and isinstance(next(iter(types)), np.dtype):
        return frame.to_numpy()
    return stacked(columns, len(frame)) if columns else np.empty(frame.shape)


def _numpy_type(dtype: Any) -> Any:
    """NumPy's type of a column's values, which may be nullable or sparse."""
    return np.dtype(getattr(dtype, "numpy_dtype", getattr(dtype, "subtype", dtype)))


def _classes(module: str, *names: str) -> Any:
    """Classes of a library; none if it is not loaded."""
    loaded = sys.modules.get(module)
    found = (getattr(loaded, name, None) for name in names)
    return tuple(each for each in found if isinstance(each, type))
