"""Threads of a kernel inside one of several workers, so that workers x threads = processors."""

from __future__ import annotations

import functools
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from impls._compiled import limit_threads
from impls._machine import count_threads, set_threads


@contextmanager
def numba_alone() -> Iterator[None]:
    """One thread of numba for this thread of Python."""
    with _numba_threads(1):
        yield


def count_shares() -> int:
    """Threads of Python that a kernel may run on side by side, each with one of numba's.

    numba's workqueue ends a process in which two threads start its loops at the same time.
    """
    numba = sys.modules.get("numba")
    if numba is None:
        return count_threads()
    n_threads = min(count_threads(), numba.get_num_threads())
    return 1 if numba.threading_layer() == "workqueue" else n_threads


@contextmanager
def numba_leaves_one() -> Iterator[None]:
    """A thread less of numba for this thread of Python: a reader has that processor."""
    with _numba_threads(max(1, count_threads() - 1)):
        yield


@contextmanager
def _numba_threads(n_threads: int) -> Iterator[None]:
    numba = sys.modules.get("numba")
    if numba is None:  # nothing to limit
        yield
        return
    usual = numba.get_num_threads()
    limit_threads(min(usual, n_threads))
    try:
        yield
    finally:
        limit_threads(usual)


def limit_worker(n_threads: int) -> None:
    """Limit all libraries of this worker, and numba for this thread of it."""
    n_threads = max(1, min(n_threads, count_threads()))
    _limit_once(n_threads)
    limit_threads(n_threads)


@functools.cache
def _limit_once(n_threads: int) -> None:
    set_threads(n_threads)
