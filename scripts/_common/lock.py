"""Allow one run at a time in a folder: two would disturb each other's times and results."""

from __future__ import annotations

import contextlib
import os
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from impls._errors import one_line
from impls._files import Unreadable, read_file, write_whole
from scripts._common import project

_OTHER = "another run"
_MOST_BYTES = 2**20


@contextlib.contextmanager
def only_one_at_a_time() -> Iterator[None]:
    """Wait until no other run is in progress; print which one is waited for.

    The system releases the lock when its owner ends, even if that is killed.
    """
    project.STATE.mkdir(exist_ok=True)
    owner = project.STATE / "run.owner"
    lock = FileLock(project.STATE / "run.lock")
    try:
        held = lock.acquire(blocking=False)
    except Timeout:
        print(f"Waiting for {_read(owner)} to finish measuring in this folder.", file=sys.stderr)
        held = lock.acquire(poll_interval=0.5)
    with held:
        write_whole(owner, f"process {os.getpid()} ({one_line(shlex.join(sys.argv))})")
        yield


def _read(owner: Path) -> str:
    try:
        return one_line(read_file(owner, _MOST_BYTES).decode(errors="replace"))[:200] or _OTHER
    except (OSError, Unreadable):
        return _OTHER
