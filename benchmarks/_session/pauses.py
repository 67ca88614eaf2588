"""Suspensions: what was timed across one is no time.

A process that is stopped and continued gets SIGCONT. A machine that sleeps goes on with two of its
clocks apart. A container or a virtual machine that is paused says nothing to its processes, but
uses no processor meanwhile.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Mapping
from typing import Any

_CLOCKS_SECONDS = 0.01  # that two clocks are read one after the other takes microseconds
_TIMES_EXPECTED, _LEAST_SECONDS, _MOST_PROCESSORS = 20, 1.0, 0.1


def watch() -> Callable[[], bool]:
    """Return what tells whether this process was suspended since it was asked last."""
    n_continued, asleep = 0, _asleep()

    def count(*_: Any) -> None:
        nonlocal n_continued
        n_continued += 1

    def was_suspended() -> bool:
        nonlocal n_continued, asleep
        before, n, n_continued, asleep = asleep, n_continued, 0, _asleep()
        return n > 0 or asleep - before > _CLOCKS_SECONDS

    if hasattr(signal, "SIGCONT"):
        signal.signal(signal.SIGCONT, count)
    return was_suspended


def _asleep() -> float:
    """Seconds that the machine has slept since it was started; 0 where it does not tell."""
    if not hasattr(time, "CLOCK_BOOTTIME"):
        return 0.0
    return time.clock_gettime(time.CLOCK_BOOTTIME) - time.clock_gettime(time.CLOCK_MONOTONIC)


def is_paused(sample: Mapping[str, Any], expected: float) -> bool:
    """Whether a sample took far longer than expected, nearly all of it without a processor."""
    seconds = sample["seconds"] * sample.get("n_calls", 1)
    is_long = seconds > _LEAST_SECONDS + _TIMES_EXPECTED * expected
    return is_long and bool(sample.get("processors", 1.0) < _MOST_PROCESSORS)
