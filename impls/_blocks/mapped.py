"""Rows of a file, mapped block by block: what the system has in its cache is not copied.

A block's pages are brought in before it is computed on and let go of afterwards, so that they never
count as memory of the process for long, and that a file which has become shorter is an error: to
touch a mapped page that is not there would end the process.
"""

from __future__ import annotations

import contextlib
import functools
import mmap
import os
from pathlib import Path
from typing import Any

import numpy as np

from impls._blocks.rows import FileRows, Rows, advise

Array = np.ndarray[Any, Any]

_POPULATE_READ = 22  # of madvise, from Linux 5.14 on; Python has no name for it


class MappedFile:
    """Rows of a file, of which some are in memory at a time.

    Raises
    ------
    ValueError
        If the file is shorter than its header says.
    OSError
        If it cannot be mapped.
    """

    def __init__(self, rows: FileRows) -> None:
        self._rows = rows
        with Path(rows.path).open("rb") as file:
            rows.check_size(file.fileno())
            advise(file.fileno())
            self._pages = mmap.mmap(file.fileno(), rows.end, access=mmap.ACCESS_READ)

    def load(self, start: int, stop: int) -> Array:
        """Rows whose pages are in memory.

        Raises
        ------
        ValueError
            If the file has become shorter.
        OSError
            If it cannot be read.
        """
        rows = self._rows
        first, end = rows.place(start) // mmap.PAGESIZE * mmap.PAGESIZE, rows.place(stop)
        try:
            self._pages.madvise(_POPULATE_READ, first, end - first)
        except OSError as error:
            with Path(rows.path).open("rb") as file:
                rows.check_size(file.fileno())
            raise OSError(error.errno, f"it cannot be read: {error.strerror}", rows.path) from error
        shape = stop - start, *rows.shape[1:]
        values = np.frombuffer(self._pages, rows.dtype, int(np.prod(shape)), rows.place(start))
        return values.reshape(shape)

    def release(self, start: int, stop: int) -> None:
        """Let go of the pages of rows that nobody needs any more."""
        first, end = (
            self._rows.place(row) // mmap.PAGESIZE * mmap.PAGESIZE for row in (start, stop)
        )
        if end > first:
            self._pages.madvise(mmap.MADV_DONTNEED, first, end - first)


def open_mapped(rows: Rows) -> MappedFile | None:
    """The file of rows, or None if it cannot be mapped.

    Raises
    ------
    ValueError
        If the file is shorter than its header says.
    """
    if not (isinstance(rows, FileRows) and can_map(rows)):
        return None
    with contextlib.suppress(OSError):  # of a file system; a file that is gone is read in vain
        return MappedFile(rows)
    return None


def can_map(rows: Rows) -> bool:
    """Whether rows are those of a file whose blocks can be mapped."""
    is_aligned = isinstance(rows, FileRows) and rows.offset % rows.dtype.alignment == 0
    return is_aligned and _can_populate()


@functools.cache
def _can_populate() -> bool:
    """Whether the system brings pages of a mapping in on request."""
    if not hasattr(mmap, "MADV_DONTNEED"):
        return False
    with mmap.mmap(-1, mmap.PAGESIZE) as pages:
        try:
            pages.madvise(_POPULATE_READ)
        except OSError:
            return False
    return os.name == "posix"
