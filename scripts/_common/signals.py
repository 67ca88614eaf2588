"""Ctrl-C, SIGTERM and a hang-up end a command in order: what is done is kept, and a sentence."""

from __future__ import annotations

import math
import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from time import monotonic
from typing import Any, TextIO

from scripts._common.errors import run_command

_SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP")  # Windows has no SIGHUP
# A terminal that closes sends several signals, an impatient hand too: they are one.
_ONE_STOP_SECONDS = 2.0


@dataclass
class _State:
    """When a signal last stopped the command; whether they are held off, and one has come."""

    stopped_at: float = -math.inf
    held: bool = False
    came: bool = False


_state = _State()


def run_stoppable(main: Callable[[], int], kept: str) -> None:
    """Run as `run_command` does; once stopped, say what is kept and exit with status 130."""
    _listen(_stop)
    try:
        run_command(main)
    except KeyboardInterrupt:
        _listen(signal.SIG_IGN)  # the interpreter's own end gives up other handlers
        _say(f"\nStopped. {kept}")
        sys.exit(130)


@contextmanager
def held_off() -> Iterator[None]:
    """Let a signal stop the command only afterwards: nothing is left half written or half ended.

    Where one has stopped it before, this is its end, which others do not change.
    """
    outermost = not _state.held
    _state.held = True
    try:
        yield
    finally:
        if outermost:
            _state.held = False
            if _state.came and _state.stopped_at == -math.inf:
                _stop()


def _listen(handler: Any) -> None:
    for name in _SIGNALS:
        number = getattr(signal, name, None)
        # Who starts a command with nohup or in the background wants a signal to be ignored.
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, handler)


def _stop(*_: object) -> None:
    _state.came = True
    if _state.held or monotonic() < _state.stopped_at + _ONE_STOP_SECONDS:
        return
    _state.stopped_at = monotonic()
    raise KeyboardInterrupt


def _say(text: str) -> None:
    """Write to stderr, unless nobody reads it any more: the terminal may be gone."""
    with suppress(OSError):
        print(text, file=sys.stderr, flush=True)
    for stream in (sys.stdout, sys.stderr):
        _flush(stream)


def _flush(stream: TextIO) -> None:
    """Write what is buffered, or drop it: the interpreter would try again at its end."""
    try:
        stream.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
