"""Reading and writing files: a file as a whole or not at all."""

from __future__ import annotations

import contextlib
import json
import os
import stat
from pathlib import Path
from typing import Any

FORMAT = 1  # of the files that this version of Gradmark writes; they hold it as "format"
_KINDS = {
    stat.S_ISDIR: "a folder",
    stat.S_ISFIFO: "a pipe",
    stat.S_ISSOCK: "a socket",
    stat.S_ISCHR: "a device",
    stat.S_ISBLK: "a device",
}
_MIB = 2**20
_UNLIMITED = 2**63


class Unreadable(ValueError):
    """What stands in a file's place is no file, or too large; the message says so."""


def check_file(path: Path, most_bytes: int = _UNLIMITED) -> os.stat_result:
    """Refuse what is no file or too large, before it is opened: a pipe would be waited for.

    Raises
    ------
    Unreadable
        If it is something else or larger, or a link that leads nowhere.
    FileNotFoundError
        If there is nothing.
    """
    try:
        found = path.stat()
    except FileNotFoundError:
        if path.is_symlink():
            raise Unreadable("it is a link to nothing, expected a file") from None
        raise
    for is_kind, name in _KINDS.items():
        if is_kind(found.st_mode):
            raise Unreadable(f"it is {name}, expected a file")
    if found.st_size > most_bytes:
        sizes = f"{found.st_size / _MIB:,.0f} MiB, expected at most {most_bytes / _MIB:,.0f} MiB"
        raise Unreadable(f"it holds {sizes}")
    return found


def read_file(path: Path, most_bytes: int) -> bytes:
    """Contents of a file of at most so many bytes.

    Raises
    ------
    Unreadable
        If it is no file, or larger; nothing of it is read then.
    OSError
        If it is not there, or may not be read.
    """
    check_file(path, most_bytes)
    with path.open("rb") as file:
        return file.read(most_bytes)


def write_whole(path: Path, data: bytes | str) -> None:
    """Write a temporary file and rename it, so that readers see the old file or the new one."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        part.write_bytes(data.encode() if isinstance(data, str) else data)
        part.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            part.unlink()
        raise


def write_json(path: Path, record: Any) -> None:
    """Write a record as JSON, as `write_whole` does."""
    write_whole(path, json.dumps(record, indent=1))
