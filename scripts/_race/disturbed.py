"""Other work beside a race: processes that keep processors busy, as on a shared machine."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

# Ends with the race, however that ends: its input is closed then.
_BUSY = """
import threading, sys, os
threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
while True:
    pass
"""


@contextmanager
def busy_processors(n_processes: int) -> Iterator[None]:
    """Keep so many processors busy, as far as the system lets them, during the block."""
    command = [sys.executable, "-c", _BUSY]
    started = [subprocess.Popen(command, stdin=subprocess.PIPE) for _ in range(n_processes)]
    try:
        yield
    finally:
        for process in started:
            process.kill()
            process.communicate()
