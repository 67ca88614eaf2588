"""Writing files: the whole file or nothing."""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path
from time import time
from typing import Any

_STALE_SECONDS = 3600.0


def write_whole(path: Path, data: bytes | str) -> None:
    """Write a file aside, onto the disk, and rename it: readers see the old one or the new one.

    Raises
    ------
    OSError
        Names the file, which is as it was; what was written aside is gone.
    """
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _write(part, data.encode() if isinstance(data, str) else data)
        part.replace(path)
    except BaseException as error:
        with contextlib.suppress(OSError):
            part.unlink()
        if isinstance(error, OSError) and error.filename in (None, str(part)):
            raise OSError(error.errno, error.strerror or str(error), str(path)) from error
        raise
    _sweep(path)


def write_json(path: Path, record: Any) -> None:
    """Write a record as JSON, as `write_whole` does."""
    write_whole(path, json.dumps(record, indent=1))


def _write(part: Path, data: bytes) -> None:
    with part.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())  # some file systems tell only now that they are full


def _sweep(path: Path) -> None:
    """Delete what a process that was killed has left aside."""
    for part in path.parent.glob("*.part"):
        with contextlib.suppress(OSError):
            is_own = part.name.startswith(f"{path.name}.")
            if is_own and time() - part.stat().st_mtime > _STALE_SECONDS:
                part.unlink()
