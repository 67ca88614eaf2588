"""A cell's process ends with asv's server, and the server with asv, even where those are killed.

The kernel sees to that on Linux. It reaches no process that a kernel has started itself; what
`scripts.run` starts is guarded as a whole and on any system.
"""

import ctypes
import os
import signal
import sys
from pathlib import Path

_PR_SET_PDEATHSIG = 1


def follow_asv() -> None:
    """Tie this process, if it is asv's, to asv, and the processes that it forks to itself."""
    if sys.platform == "linux" and _is_asvs():
        _Server().follow_parent()


class _Server:
    """The process that asv has started; the processes that it forks have a copy."""

    def __init__(self) -> None:
        self.pid = os.getpid()
        # Found before any fork: little is safe to do after one.
        self.prctl = ctypes.CDLL(None).prctl
        os.register_at_fork(after_in_child=self.follow_in_child)

    def follow_parent(self) -> None:
        self.prctl(_PR_SET_PDEATHSIG, ctypes.c_ulong(signal.SIGKILL))

    def follow_in_child(self) -> None:
        server, self.pid = self.pid, 0
        if not server:  # forked by a cell, perhaps from a thread, whose end would count
            return
        self.follow_parent()
        if os.getppid() != server:  # it ended before this process was tied to it
            os._exit(1)


def _is_asvs() -> bool:
    path = getattr(sys.modules["__main__"], "__file__", None)
    return path is not None and Path(path).parts[-2:] == ("asv", "benchmark.py")
