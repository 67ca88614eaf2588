"""Reading ahead: the next blocks are read while one is computed on."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

import numpy as np

from impls._pages import map_pages

Array = np.ndarray[Any, Any]

Task = TypeVar("Task")
Result = TypeVar("Result")

N_AHEAD = 2  # tasks for each thread that are worked on, or wait, beside the result that is used


def read_ahead(
    read: Callable[[Task], Result],
    tasks: Iterable[Task],
    n_threads: int = 1,
    begin: Callable[[], None] = lambda: None,
) -> Iterator[Result]:
    """Results of `read`, in order, from threads that are `N_AHEAD` tasks ahead, each.

    A result of one thread may be overwritten `N_AHEAD` + 1 results later.

    Parameters
    ----------
    begin : callable
        What each thread does first.
    """
    pending: deque[Future[Result]] = deque()
    with ThreadPoolExecutor(n_threads, "gradmark-read", begin) as pool:
        try:
            for task in tasks:
                pending.append(pool.submit(read, task))
                if len(pending) > N_AHEAD * n_threads:
                    yield pending.popleft().result()
            while pending:
                yield pending.popleft().result()
        finally:
            for future in pending:
                future.cancel()


def make_buffers(n_bytes: int) -> list[Array]:
    """Buffers for one thread of `read_ahead`: for blocks that are read, wait or are computed on."""
    return [make_pages(n_bytes) for _ in range(N_AHEAD + 1)]


def make_pages(n_bytes: int) -> Array:
    """Bytes at the beginning of a page, in huge pages where the system has them."""
    return np.frombuffer(map_pages(n_bytes), np.uint8)[:n_bytes]
