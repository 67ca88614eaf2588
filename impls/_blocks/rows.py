"""Where rows lie: an array in memory, a .npy file, a Zarr array, a Parquet file.

Rows of a file are read with ``read`` system calls into the caller's buffer: the pages of an array
that is mapped as a whole would count as memory of the process as they are read.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any, Protocol

import numpy as np

Array = np.ndarray[Any, Any]


class Rows(Protocol):
    """Rows of X (n_samples, n_features) or of y (n_samples,); can be pickled if of a file.

    Attributes
    ----------
    unit : int
        Rows that are read together, such as those of a chunk: blocks are multiples of it.
    """

    @property
    def shape(self) -> tuple[int, ...]: ...
    @property
    def dtype(self) -> np.dtype[Any]: ...
    @property
    def unit(self) -> int: ...

    def read(self, start: int, stop: int, buffer: Array | None = None) -> Array:
        """Rows from `start` up to `stop`, in `buffer` (of bytes) if they fill one."""
        ...


@dataclass(frozen=True)
class ArrayRows:
    """Rows of an array in memory, which are not copied."""

    array: Array

    unit = 1

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the array."""
        return tuple(self.array.shape)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the array."""
        return np.dtype(self.array.dtype)

    def read(self, start: int, stop: int, buffer: Array | None = None) -> Array:
        """A view."""
        return self.array[start:stop]


@dataclass(frozen=True)
class FileRows:
    """Rows that follow each other in a file, in C order.

    Attributes
    ----------
    offset : int
        Bytes in front of the first row.
    """

    path: str
    offset: int
    shape: tuple[int, ...]
    dtype: np.dtype[Any]

    unit = 1

    @property
    def row_bytes(self) -> int:
        """Size of a row."""
        return self.dtype.itemsize * prod(self.shape[1:])

    @property
    def end(self) -> int:
        """Bytes of the file up to the end of the last row."""
        return self.place(self.shape[0])

    def place(self, row: int) -> int:
        """Bytes of the file in front of a row."""
        return self.offset + row * self.row_bytes

    def read(self, start: int, stop: int, buffer: Array | None = None) -> Array:
        """Rows in the buffer.

        Raises
        ------
        ValueError
            If the file ends before the last row.
        """
        with self.opened() as descriptor:
            return self.read_from(descriptor, start, stop, buffer)

    @contextmanager
    def opened(self) -> Iterator[int]:
        """Descriptor of the file, for `read_from`; of one thread or of several."""
        with Path(self.path).open("rb", buffering=0) as file:
            if hasattr(os, "posix_fadvise"):  # the system reads ahead twice as far
                os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_SEQUENTIAL)
            yield file.fileno()

    def read_from(
        self, descriptor: int, start: int, stop: int, buffer: Array | None = None
    ) -> Array:
        """As `read`, from the open file."""
        n_bytes = (stop - start) * self.row_bytes
        buffer = np.empty(n_bytes, np.uint8) if buffer is None else buffer[:n_bytes]
        self._fill(descriptor, buffer, self.place(start))
        return buffer.view(self.dtype).reshape(stop - start, *self.shape[1:])

    def _fill(self, descriptor: int, buffer: Array, place: int) -> None:
        view, done = buffer.data, 0
        while done < len(view):  # one call reads 2 GB at most
            n_bytes = os.preadv(descriptor, [view[done:]], place + done)
            if not n_bytes:
                self.check_size(descriptor)
            done += n_bytes

    def check_size(self, descriptor: int) -> None:
        """Refuse an open file that ends before the last row.

        Raises
        ------
        ValueError
            Names the file, its size and the one expected.
        """
        if (size := os.fstat(descriptor).st_size) < self.end:
            raise ValueError(
                f"{self.path} ends after {size:,} bytes, expected {self.end:,} of {self.shape} "
                f"{self.dtype}: write it again"
            )


@dataclass(frozen=True)
class ZarrRows:
    """Rows of a Zarr array, chunk by chunk."""

    array: Any

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the array."""
        return tuple(self.array.shape)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of the array."""
        dtype: np.dtype[Any] = np.dtype(self.array.dtype)
        return dtype

    @property
    def unit(self) -> int:
        """Rows of a chunk."""
        return int(self.array.chunks[0])

    def read(self, start: int, stop: int, buffer: Array | None = None) -> Array:
        """Rows as Zarr decodes them."""
        return np.asarray(self.array[start:stop])


def rows_of(name: str, values: Any) -> Rows:
    """Rows of what a user has: an array, a mapped file, a Zarr array, or what has `read` already.

    Raises
    ------
    TypeError
        Names the argument, its type and what was expected.
    """
    if isinstance(values, np.memmap) and values.mode != "c" and values.flags.c_contiguous:
        return _mapped_rows(values)
    if isinstance(values, np.ndarray):
        return ArrayRows(values)
    zarr = sys.modules.get("zarr")
    if zarr is not None and isinstance(values, zarr.Array):
        return ZarrRows(values)
    if all(hasattr(values, part) for part in ("shape", "dtype", "unit", "read")):
        rows: Rows = values
        return rows
    raise TypeError(
        f"{name} is a {type(values).__name__}, expected a NumPy array, numpy.load(path, "
        'mmap_mode="r"), a Zarr array, or what impls.open_rows returns'
    )


def check_rows(X: Rows, y: Rows) -> None:
    """Refuse X and y of wrong shapes or types.

    Raises
    ------
    TypeError, ValueError
        Names the argument, what was given and what was expected.
    """
    for name, rows in (("X", X), ("y", y)):
        if rows.dtype.kind not in "fiub":
            raise TypeError(f"{name} has dtype {rows.dtype}, expected a real number type")
    if len(X.shape) != 2 or 0 in X.shape:
        raise ValueError(
            f"X has shape {X.shape}, expected (n_samples, n_features), both at least 1"
        )
    if y.shape != X.shape[:1]:
        raise ValueError(f"y has shape {y.shape}, expected {X.shape[:1]}: (n_samples,) of X")


def _mapped_rows(mapped: np.memmap[Any, Any]) -> Rows:
    """Rows of the file behind a mapped array, or behind contiguous rows of one."""
    root = mapped
    while isinstance(root.base, np.memmap):
        root = root.base
    if root.filename is None or not Path(root.filename).exists():
        return ArrayRows(mapped)
    # A slice keeps the offset of the whole: the distance of their addresses is the rest.
    offset = root.offset + mapped.ctypes.data - root.ctypes.data
    path = str(Path(root.filename).absolute())
    return FileRows(path, offset, mapped.shape, mapped.dtype)
