"""Keep a contender's process: whatever happens, nothing that it has started outlives it.

The process forks. The fork becomes the contender. The process itself, the keeper, adopts what the
contender's children leave behind, with or without an environment, in whatever session. It kills all
of them when the contender ends, when the command closes the pipe to it, as the system does for a
command that is killed, or when a signal asks it to end. Only Linux lets a process adopt others.
"""

from __future__ import annotations

import ctypes
import os
import select
import signal
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, NoReturn

_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36
_ENDING = ("SIGTERM", "SIGINT", "SIGHUP", "SIGQUIT")  # Windows lacks the last two
# Names the keeper to a contender that goes on with another interpreter.
_VARIABLE = "GRADMARK_KEEPER"


def keep() -> None:
    """Return in a fork of this process; stay behind as its keeper.

    The standard input is the pipe to the command. Threads do not survive a fork: call this before
    anything starts one.
    """
    if sys.platform != "linux" or os.environ.get(_VARIABLE) == str(os.getppid()):
        return
    prctl = ctypes.CDLL(None).prctl
    prctl(_PR_SET_CHILD_SUBREAPER, ctypes.c_ulong(1))
    keeper = os.getpid()
    contender = os.fork()
    if contender:
        _Keeper(contender).stay()
    prctl(_PR_SET_PDEATHSIG, ctypes.c_ulong(signal.SIGKILL))
    if os.getppid() != keeper:
        os._exit(1)
    os.environ[_VARIABLE] = str(keeper)
    os.setsid()  # a contender that kills its group leaves the keeper alive


class _Keeper:
    """The process that stays behind."""

    def __init__(self, contender: int) -> None:
        self.contender = contender
        self.status: int | None = None
        self.asked_by = 0  # the signal that asked it to end
        self.is_closed = False  # by the command

    def stay(self) -> NoReturn:
        """Wait for an end, kill what is left, and end as the contender did."""
        self._let_go_of_output()
        woken = self._listen()
        poll = select.poll()
        poll.register(0, 0)  # tells when the other end closes
        poll.register(woken, select.POLLIN)
        self._reap()
        while self.status is None and not (self.asked_by or self.is_closed):
            self.is_closed = any(descriptor == 0 for descriptor, _ in poll.poll())
            with suppress(BlockingIOError):
                os.read(woken, 512)
            self._reap()
        status = 0 if self.is_closed else self.status  # before the contender is killed
        self._end_all()
        _end_like(status, self.asked_by)

    def _let_go_of_output(self) -> None:
        """Let the pipes end when the contender closes them."""
        nothing = os.open(os.devnull, os.O_WRONLY)
        for descriptor in (1, 2):
            os.dup2(nothing, descriptor)

    def _listen(self) -> int:
        """A descriptor that can be read once a signal has come."""
        woken, wake = os.pipe()
        for descriptor in (woken, wake):
            os.set_blocking(descriptor, False)
        signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        for name in _ENDING:
            signal.signal(getattr(signal, name), self._ask)
        return woken

    def _ask(self, number: int, _: Any) -> None:
        self.asked_by = number

    def _reap(self) -> bool:
        """Take leave of children that have ended; whether any are left."""
        with suppress(ChildProcessError):
            while True:
                pid, status = os.waitpid(-1, os.WNOHANG)
                if pid == self.contender:
                    self.status = status
                if pid == 0:
                    return True
        return False

    def _end_all(self) -> None:
        """Kill all children, and theirs, which become children of this process."""
        signal.set_wakeup_fd(-1)
        while self._reap():
            for pid in [*_children()]:
                with suppress(OSError):
                    os.kill(pid, signal.SIGKILL)
            with suppress(ChildProcessError):
                os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOWAIT)


def _children() -> Iterator[int]:
    """Processes whose parent is this one."""
    own = str(os.getpid()).encode()
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # one that has just ended
            # The name before the last parenthesis may hold anything.
            if path.read_bytes().rpartition(b")")[2].split()[1] == own:
                yield int(path.parent.name)


def _end_like(status: int | None, asked_by: int) -> NoReturn:
    """End with the same exit status, or by the same signal but without a core file."""
    number = asked_by if status is None else os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
    if number:
        with suppress(ImportError, OSError, ValueError):
            import resource

            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        if number != signal.SIGKILL:
            signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)
    os._exit(1 if status is None else os.waitstatus_to_exitcode(status))
