"""Commands in sessions of their own, as from another terminal, and what they leave behind."""

from __future__ import annotations

import os
import signal
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parent.parent
SHARED = Path("/dev/shm")
END_SECONDS = 10


def wait_for(condition, seconds=60):
    """Wait until `condition` returns a true value; return it."""
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)
    return found


def alive(processes):
    return [p for p in processes if p.is_running() and p.status() != psutil.STATUS_ZOMBIE]


def assert_gone(processes):
    wait_for(lambda: not alive(processes), END_SECONDS)


@contextmanager
def start(arguments, folder=ROOT, **more):
    """Python in its own session; killed at the end."""
    process = psutil.Popen(
        [sys.executable, *arguments],
        cwd=folder,
        start_new_session=True,
        preexec_fn=_heed_signals if os.name == "posix" else None,
        **more,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def _heed_signals():
    """A shell lets what it runs in the background ignore signals, and so would the command."""
    for name in ("SIGINT", "SIGQUIT", "SIGHUP"):
        signal.signal(getattr(signal, name), signal.SIG_DFL)


def shared_files():
    """Files of any `tempfile` in shared memory: those of a session have no name."""
    return set(SHARED.glob(f"{tempfile.gettempprefix()}*"))


@contextmanager
def nothing_left(temporary):
    """Variables of a command, of which no temporary file may be there after the block."""
    temporary.mkdir()
    before = shared_files()
    yield {"TMPDIR": str(temporary)}
    wait_for(lambda: not any(temporary.iterdir()) and shared_files() <= before, END_SECONDS)
