"""Texts that take long to make, kept in .asv until what they are made from changes."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from impls._files import Unreadable, read_file, write_whole
from scripts._common import project

_MOST_BYTES = 2**24


def kept(name: str, make: Callable[[], str]) -> str:
    """The text that is kept in this file, or else the one that `make` returns.

    Parameters
    ----------
    name : str
        Names what it is made from too, such as a version.
    """
    path = project.STATE / "kept" / name
    with suppress(OSError, UnicodeDecodeError, Unreadable):
        return read_file(path, _MOST_BYTES).decode()
    text = make()
    with suppress(OSError):  # made again next time
        write_whole(path, text)
    return text
