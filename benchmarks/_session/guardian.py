"""End every process that a command has started when the command ends, even if it is killed.

Each process gets a mark in its environment, which its children inherit, whatever their session.
A guardian process reads a pipe whose other end only the command holds. When the pipe closes, it
kills all processes with the command's mark, and their children. A child that is started with an
empty environment escapes if its parent ends first.
"""

from __future__ import annotations

import atexit
import itertools
import os
import secrets
import subprocess
import sys
from collections.abc import Iterable
from contextlib import suppress
from functools import cache
from pathlib import Path
from time import sleep

import psutil

VARIABLE = "GRADMARK_GUARD"
_ATTEMPTS = 100  # a process may start another one just before it is killed
_PAUSE_SECONDS = 0.05
_numbers = itertools.count()


def mark() -> str:
    """Value of `VARIABLE` for the next process; `kill` finds the process and its children by it."""
    # Always of the same length: the size of the environment shifts a process's stack.
    return f"{_start()}-{next(_numbers):06}"


def kill(mark: str) -> None:
    """Kill every process whose mark starts with this one."""
    for _ in range(_ATTEMPTS):
        found = [process for process in psutil.process_iter() if _carries(process, mark)]
        if not found:
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
def _start() -> str:
    """Start this process's guardian; return the prefix of its marks."""
    own = secrets.token_hex(8)
    process = subprocess.Popen(
        [sys.executable, "-P", str(Path(__file__)), own],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        # Without the mark of the command that may have started this one.
        env={name: text for name, text in os.environ.items() if name != VARIABLE},
        start_new_session=True,  # it survives what ends the command's group or terminal
    )
    atexit.register(process.communicate)  # closes its input and waits
    return own


def _carries(process: psutil.Process, mark: str) -> bool:
    try:
        return process.environ().get(VARIABLE, "").startswith(mark)
    except (psutil.Error, OSError):  # another user's process, or one that has just ended
        return False


if __name__ == "__main__":
    sys.stdin.read()
    kill(sys.argv[1])
