"""End every process that a command has started when the command ends, even if it is killed.

Each process gets a mark in its environment, which its children inherit, whatever their session.
A guardian process reads a pipe whose other end only the command holds. When the pipe closes, it
ends all processes with the command's mark, and their children, and then deletes the command's
folder for temporary files. Where both were killed, the guardian of a later command deletes it.
"""

from __future__ import annotations

import atexit
import itertools
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from time import sleep, time

import psutil

VARIABLE = "GRADMARK_GUARD"
_ATTEMPTS = 100  # a process may start another one just before it is killed
_PAUSE_SECONDS = 0.05
_TERM_SECONDS = 2.0  # for the keepers of contenders, who know more children than their marks tell
_PREFIX, _LOCK = "gradmark-of-", "lock"
_STARTING_SECONDS = 60  # a folder that is younger may not be locked yet
_numbers = itertools.count()


@dataclass(frozen=True)
class _Guard:
    """What the guardian of this process looks for: a prefix of marks, and a folder."""

    mark: str
    folder: str


def mark() -> str:
    """Value of `VARIABLE` for the next process; `kill` finds the process and its children by it."""
    # Always of the same length: the size of the environment shifts a process's stack.
    return f"{_start().mark}-{next(_numbers):06}"


def folder() -> str:
    """Folder for this process's temporary files, which goes with it, however it ends."""
    return _start().folder


def kill(mark: str) -> None:
    """End every process whose mark starts with this one: by SIGTERM, then by SIGKILL."""
    found = _carriers(mark)
    for process in found:
        with suppress(psutil.NoSuchProcess):
            process.terminate()
            process.resume()  # one that is stopped would not notice
    psutil.wait_procs(found, _TERM_SECONDS)
    for _ in range(_ATTEMPTS):
        if not (found := _carriers(mark)):
            return
        kill_each([*(child for process in found for child in children(process.pid)), *found])
        sleep(_PAUSE_SECONDS)


def children(pid: int) -> list[psutil.Process]:
    """What a running process has started, with a mark or without."""
    with suppress(psutil.NoSuchProcess):
        return list(psutil.Process(pid).children(recursive=True))
    return []


def kill_each(processes: Iterable[psutil.Process]) -> None:
    """Kill those that have not ended."""
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.kill()


@cache
def _start() -> _Guard:
    """Start this process's guardian."""
    guard = _Guard(secrets.token_hex(8), tempfile.mkdtemp(prefix=_PREFIX))
    _lock(Path(guard.folder))
    process = subprocess.Popen(
        [sys.executable, "-P", str(Path(__file__)), guard.mark, guard.folder],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        # Without the mark of the command that may have started this one.
        env={name: text for name, text in os.environ.items() if name != VARIABLE},
        start_new_session=True,  # it survives what ends the command's group or terminal
    )
    atexit.register(_end, process, guard)
    if hasattr(os, "register_at_fork") and process.stdin:  # a fork is not the command
        os.register_at_fork(after_in_child=process.stdin.close)
    return guard


def _end(process: subprocess.Popen[bytes], guard: _Guard) -> None:
    """Let the guardian clear up; one that was killed may have left the folder."""
    process.communicate()  # closes its input and waits
    shutil.rmtree(guard.folder, ignore_errors=True)


def _carriers(mark: str) -> list[psutil.Process]:
    return [process for process in psutil.process_iter() if _carries(process, mark)]


def _carries(process: psutil.Process, mark: str) -> bool:
    try:
        if process.status() == psutil.STATUS_ZOMBIE:
            return False
        return process.environ().get(VARIABLE, "").startswith(mark)
    except (psutil.Error, OSError):  # another user's process, or one that has just ended
        return False


def _lock(folder: Path) -> bool:
    """Lock a folder until this process ends; whether no other process has."""
    if os.name != "posix":
        return True
    import fcntl

    descriptor = os.open(folder / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return False
    return True


def _delete_abandoned(places: Path) -> None:
    """Delete the folders of commands that were killed together with their guardians."""
    if os.name != "posix":
        return
    for found in places.glob(f"{_PREFIX}*"):
        with suppress(OSError):  # another user's, or one that has just gone
            is_own = found.stat().st_uid == os.geteuid()
            is_old = found.stat().st_mtime < time() - _STARTING_SECONDS
            if is_own and is_old and not found.is_symlink() and _lock(found):
                shutil.rmtree(found, ignore_errors=True)


def _guard(guard: _Guard) -> None:
    """Wait for the end of the command, and clear up after it."""
    for name in ("SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT"):
        if number := getattr(signal, name, None):
            signal.signal(number, signal.SIG_IGN)
    _delete_abandoned(Path(guard.folder).parent)
    sys.stdin.read()
    for _ in range(2):  # the last one may not have had its environment yet
        kill(guard.mark)
    shutil.rmtree(guard.folder, ignore_errors=True)


if __name__ == "__main__":
    _guard(_Guard(*sys.argv[1:]))
