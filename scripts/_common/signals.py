"""Stop a command in order on Ctrl-C or another signal that ends it: keep what is done, say so."""

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

_SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT")  # Windows lacks the last two
# A closing terminal or a second Ctrl-C sends several signals: count them as one.
_ONE_STOP_SECONDS = 2.0


@dataclass
class _State:
    """When a signal last stopped the command, whether signals are held off, whether one came."""

    stopped_at: float = -math.inf
    held: bool = False
    came: bool = False


_state = _State()


def run_stoppable(main: Callable[[], int], kept: str) -> None:
    """Run as `run_command` does; when stopped, print `kept` and exit with status 130."""
    _listen(_stop)
    try:
        run_command(main)
    except KeyboardInterrupt:
        _listen(signal.SIG_IGN)  # the interpreter drops other handlers as it ends
        _say(f"\nStopped. {kept}")
        sys.exit(130)


@contextmanager
def held_off() -> Iterator[None]:
    """Delay signals until the block has ended, so that nothing is left half written.

    If the command was stopped before, the block belongs to its end, and signals are ignored.
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
        # nohup and shells that run a job in the background set signals to be ignored: leave them.
        if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, handler)


def _stop(*_: object) -> None:
    _state.came = True
    if _state.held or monotonic() < _state.stopped_at + _ONE_STOP_SECONDS:
        return
    _state.stopped_at = monotonic()
    raise KeyboardInterrupt


def _say(text: str) -> None:
    """Write to stderr, unless the terminal has closed."""
    with suppress(OSError):
        print(text, file=sys.stderr, flush=True)
    for stream in (sys.stdout, sys.stderr):
        _flush(stream)


def _flush(stream: TextIO) -> None:
    """Write what is buffered, or discard it: the interpreter would try again as it ends."""
    try:
        stream.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
