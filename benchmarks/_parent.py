"""End a cell's process with asv's server, and the server with asv, even if those are killed.

Linux does this with a parent-death signal. It does not reach processes that a gradient kernel has
started itself; `scripts.run` guards all that it starts, on any system.
"""

import ctypes
import os
import signal
import sys
from pathlib import Path

VARIABLE = "GRADMARK_ASV"  # the number of asv's process
_PR_SET_PDEATHSIG = 1


def follow_asv() -> None:
    """If asv started this process, end it with asv, and end its forks with it."""
    if sys.platform == "linux" and _is_asvs():
        _Server().follow_asv()


class _Server:
    """The process that asv has started; each process that it forks has a copy of this object."""

    def __init__(self) -> None:
        self.pid = os.getpid()
        # Looked up before any fork, because little is safe to do after one.
        self.prctl = ctypes.CDLL(None).prctl
        os.register_at_fork(after_in_child=self.follow_in_child)

    def follow_asv(self) -> None:
        self.follow_parent()
        asv = os.environ.get(VARIABLE)
        if asv and os.getppid() != int(asv):  # asv has ended in the meantime
            os._exit(1)

    def follow_parent(self) -> None:
        self.prctl(_PR_SET_PDEATHSIG, ctypes.c_ulong(signal.SIGKILL))

    def follow_in_child(self) -> None:
        server, self.pid = self.pid, 0
        if not server:  # forked by a cell: perhaps by a thread, whose end would send the signal
            return
        self.follow_parent()
        if os.getppid() != server:  # the server has ended in the meantime
            os._exit(1)


def _is_asvs() -> bool:
    path = getattr(sys.modules["__main__"], "__file__", None)
    return path is not None and Path(path).parts[-2:] == ("asv", "benchmark.py")
