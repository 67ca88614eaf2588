"""What is not read of a user's file, because it is made to be huge: found before it is read."""

from __future__ import annotations

import os
from pathlib import Path

from impls._machine import available_memory

_MOST_COLUMNS = 20_000  # of a table; pandas takes about 3 s for them, and time that rises faster
_LONGEST_NAMES = 2**22  # bytes of the line of names
# Zeros shrink to a thousandth of their size in a .npz; data that were measured never do.
_MOST_SHRUNK = 500
_LARGE = 2**28
_END = 4096
_UNITS = ("B", "kB", "MB", "GB", "TB")


def amount(n_bytes: int) -> str:
    """An amount of memory, in multiples of 1000: ``512 B``, ``80.8 kB``."""
    rounded = int(float(f"{n_bytes:.3g}"))  # before the unit is chosen: 999,999 B are 1 MB
    power = min(len(_UNITS) - 1, (len(str(rounded)) - 1) // 3)
    return f"{rounded / 1000**power:.3g} {_UNITS[power]}"


def check_size(what: str, n_bytes: int, path: Path) -> None:
    """Refuse what memory does not hold, and what has been shrunk as only a made-up file can be.

    `n_bytes` is what the contents take in memory.

    Raises
    ------
    ValueError
        Says how much it is, and what to do.
    """
    if n_bytes > (available := available_memory()):
        raise ValueError(
            f"{what} take {amount(n_bytes)}, {amount(available)} of memory are "
            "available; save X and y as columns of a .npy, which is mapped"
        )
    n_stored = path.stat().st_size
    if n_bytes > _LARGE and n_bytes > _MOST_SHRUNK * n_stored:
        raise ValueError(
            f"{what} take {amount(n_bytes)} and the file {amount(n_stored)}, "
            f"expected at most {_MOST_SHRUNK} times as much; if they are data, save X and y as "
            "columns of a .npy"
        )


def check_columns(n_columns: int) -> None:
    """Refuse a table that is too wide to be read in seconds."""
    if n_columns > _MOST_COLUMNS:
        raise ValueError(
            f"it has {n_columns:,} columns, expected at most {_MOST_COLUMNS:,}: save X and y as "
            "columns of a .npy"
        )


def check_names(path: Path) -> None:
    """Refuse a table in text whose line of names is too long to be one, or that ends in zeros.

    A crash of the system leaves such an end, and it may be any length.
    """
    with path.open("rb") as file:
        file.seek(-min(path.stat().st_size, _END), os.SEEK_END)
        if b"\0" in file.read():
            raise ValueError("it ends in bytes of zero, which are no text; write it again")
        file.seek(0)
        line = file.readline(_LONGEST_NAMES)
        while line and not line.strip():
            line = file.readline(_LONGEST_NAMES)
    if len(line) == _LONGEST_NAMES and not line.endswith(b"\n"):
        raise ValueError(
            f"its first line has over {amount(_LONGEST_NAMES)}, expected names of columns"
        )
    if b'"' not in line:  # a name in quotes may hold commas
        check_columns(line.count(b",") + 1)
