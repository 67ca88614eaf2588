"""What a command starts ends with it, even where the command is killed.

Every process that a command starts carries a mark in its environment, and so does all that this
process starts, in sessions of their own too. A guardian waits at a pipe whose other end the command
alone holds; when that closes, it kills who carries the command's mark. What starts a program with
an emptied environment escapes it.
"""

from __future__ import annotations

import atexit
import itertools
import os
import secrets
import subprocess
import sys
from contextlib import suppress
from functools import cache
from time import sleep

import psutil

from scripts._common.project import ROOT

VARIABLE = "GRADMARK_GUARD"
_ATTEMPTS = 100  # who is killed may have started another just before
_PAUSE_SECONDS = 0.05
_numbers = itertools.count()


def mark() -> str:
    """Value of `VARIABLE` for the next process to start; `kill` finds its family by it."""
    # Of one length: the size of the environment moves a process's stack.
    return f"{_start()}-{next(_numbers):06}"


def kill(mark: str) -> None:
    """Kill every process whose mark begins like this one."""
    for _ in range(_ATTEMPTS):
        found = [process for process in psutil.process_iter() if _carries(process, mark)]
        if not found:
            return
        for process in found:
            with suppress(psutil.NoSuchProcess):
                process.kill()
        sleep(_PAUSE_SECONDS)


@cache
def _start() -> str:
    """Start this process's guardian; return what its marks begin with."""
    own = secrets.token_hex(8)
    process = subprocess.Popen(
        [sys.executable, "-m", "scripts._common.guardian", own],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd=ROOT,
        # Without the mark of a command that this one may have been started by.
        env={name: text for name, text in os.environ.items() if name != VARIABLE},
        start_new_session=True,  # what ends the command's group or terminal spares it
    )
    atexit.register(process.communicate)  # closes its input and waits
    return own


def _carries(process: psutil.Process, mark: str) -> bool:
    try:
        return process.environ().get(VARIABLE, "").startswith(mark)
    except (psutil.Error, OSError):  # somebody else's, or it has just ended
        return False


if __name__ == "__main__":
    sys.stdin.read()
    kill(sys.argv[1])
