"""Reading and writing files: a file as a whole or not at all."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path
from time import time
from typing import Any

import numpy as np

_STALE_SECONDS = 3600.0
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
    """Write a file as `written_aside` does."""
    with written_aside(path) as part:
        part.write_bytes(data.encode() if isinstance(data, str) else data)


def write_json(path: Path, record: Any) -> None:
    """Write a record as JSON, as `write_whole` does."""
    write_whole(path, json.dumps(record, indent=1))


def save_array(path: str, array: Any) -> None:
    """Write a temporary file, as `np.save` does.

    Raises
    ------
    OSError
        If the disk is full, which NumPy tells by numbers of values alone; names the folder.
    """
    try:
        with Path(path).open("wb") as file:
            np.save(file, array)
    except OSError as error:
        folder = str(Path(path).resolve().parent)
        number = error.errno or errno.ENOSPC
        raise OSError(number, os.strerror(number), folder) from error


@contextlib.contextmanager
def written_aside(path: Path, is_lasting: bool = True) -> Iterator[Path]:
    """Yield where to write a file, then rename it: readers see the old one or the new one.

    Parameters
    ----------
    is_lasting : bool
        Bring it onto the disk first, so that a crash of the machine leaves no empty file, and a
        disk that is full is noticed.

    Raises
    ------
    OSError
        Names the file, which is as it was; what was written aside is gone.
    """
    part = _aside(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _sweep(path)
        yield part
        if is_lasting:
            _bring_onto_disk(part)
        part.replace(path)
    except OSError as error:
        if error.filename not in (None, str(part)):
            raise
        raise OSError(error.errno, error.strerror or str(error), str(path)) from error
    finally:
        _remove(part)


@contextlib.contextmanager
def folder_aside(path: Path) -> Iterator[Path]:
    """Yield where to make a folder, which then takes the place of the old one."""
    part, old = _aside(path), path.with_name(f"{path.name}.{os.getpid()}.old.part")
    _sweep(path)
    try:
        yield part
        if path.exists():
            path.rename(old)
        part.rename(path)
    finally:
        if old.exists() and not path.exists():
            old.rename(path)
        _remove(part)
        _remove(old)


def _aside(path: Path) -> Path:
    return path.with_name(f"{path.name}.{os.getpid()}.part")


def _bring_onto_disk(part: Path) -> None:
    with part.open("rb+") as file:
        os.fsync(file.fileno())


def _sweep(path: Path) -> None:
    """Delete what a process that was killed has left aside."""
    for part in path.parent.glob("*.part"):
        with contextlib.suppress(OSError):
            is_own = part.name.startswith(f"{path.name}.")
            if is_own and time() - part.stat().st_mtime > _STALE_SECONDS:
                _remove(part)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path, ignore_errors=True)
    with contextlib.suppress(OSError):
        path.unlink()
