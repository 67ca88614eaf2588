"""How a call is measured: seconds, bytes allocated, and the read roof."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from itertools import repeat
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np

# Length of a sample: long enough for the clock (50 ns) and the loop around the calls (20 ns each)
# not to matter, short enough for many samples.
SAMPLE_SECONDS = 0.005
_LONGEST_DELAY_SECONDS = 0.2
# Calls of a sample at most: Python's loop alone takes ten samples for so many.
_MOST_CALLS = 4_000_000
# Shape of a read as a matrix-vector product: long streams, and a vector that stays in L1.
_ROW_VALUES, _ROWS_AT_A_TIME = 2000, 4

Call = Callable[[], Any]


def call_times(call: Call, n_calls: int) -> None:
    """Call `n_calls` times in the tightest loop that Python has."""
    for _ in repeat(None, n_calls):
        call()


def seconds_per_call(call: Call, n_calls: int) -> float:
    """Mean of `n_calls` calls in a row."""
    start = perf_counter()
    call_times(call, n_calls)
    return (perf_counter() - start) / n_calls


def seconds_in_turn(calls: list[Call], n_calls: int) -> float:
    """Mean of at least `n_calls` calls in all, of each call as many in a row."""
    each = -(-n_calls // len(calls))
    start = perf_counter()
    for call in calls:
        call_times(call, each)
    return (perf_counter() - start) / (each * len(calls))


def count_calls(call: Call) -> int:
    """Calls that make one sample; a first call warms up and does not count.

    Raises
    ------
    RuntimeError
        If the clock does not go on while it is called.
    """
    call()
    n_calls = 1
    while (seconds := _least_seconds(call, n_calls)) < SAMPLE_SECONDS:
        if n_calls > _MOST_CALLS:
            raise RuntimeError(f"{n_calls:,} calls took {seconds:.1g} s by a clock that is changed")
        wanted = 1.2 * SAMPLE_SECONDS / seconds if seconds > 0 else 10.0
        n_calls = max(n_calls + 1, int(n_calls * min(10.0, wanted)))
    return n_calls


def _least_seconds(call: Call, n_calls: int) -> float:
    """Seconds of `n_calls` calls in a row, the least of three if one takes up to 0.2 s.

    A call of microseconds can be delayed by milliseconds when its threads start on one processor.
    """
    seconds = seconds_per_call(call, n_calls) * n_calls
    for _ in range(2):
        if SAMPLE_SECONDS <= seconds < _LONGEST_DELAY_SECONDS:
            seconds = min(seconds, seconds_per_call(call, n_calls) * n_calls)
    return seconds


def median_seconds(calls: list[Call], n_rounds: int = 7) -> list[float]:
    """Median seconds of each call over `n_rounds`, in turn, so that drift affects all alike."""
    n_calls = [count_calls(call) for call in calls]
    rounds = [
        [seconds_per_call(call, n) for call, n in zip(calls, n_calls, strict=True)]
        for _ in range(n_rounds)
    ]
    return [median(seconds) for seconds in zip(*rounds, strict=True)]


def workspace_bytes(call: Call) -> int:
    """Peak bytes that one warm call allocates in Python, NumPy and numba, result included."""
    call()
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        call()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    return peak - before


def reads_of(X: Any, n_threads: int) -> list[Call]:
    """Calls that read X once and do next to nothing else; the fastest is the read roof.

    1. BLAS's inner product of X with itself, which OpenBLAS spreads over its threads.
    2. If X is long enough, the product of its rows of 16 KB with a vector of ones, for which
       OpenBLAS reads 4 rows at a time: 1.05 to 1.25x from memory on a Zen 3
       (python -m scripts.race --size 1000000 100 writes the roof of each run).
    3. The largest value of each thread's share, for a BLAS whose products are serial.

    The bytes are read as float64 whatever they hold: OpenBLAS threads these products alone, and
    NumPy finds the largest float32 at half the speed of memory. Drawn data have no zeros, which
    beside other float32 bits could form subnormal, slow float64 numbers.

    Parameters
    ----------
    X : array
        Any array that NumPy can view.
    n_threads : int
    """
    flat = np.asarray(X).ravel(order="K")  # a view: in C or Fortran order nothing is copied
    flat = flat[: flat.nbytes // 8 * 8 // flat.itemsize].view("float64")
    calls: list[Call] = [lambda: flat.dot(flat)]
    n_rows = flat.size // _ROW_VALUES
    if n_rows >= _ROWS_AT_A_TIME:
        rows, rest = flat[: n_rows * _ROW_VALUES].reshape(n_rows, -1), flat[n_rows * _ROW_VALUES :]
        ones = np.ones(_ROW_VALUES)
        calls.append(lambda: (rows @ ones, rest.dot(rest)))
    if n_threads > 1:
        pool = ThreadPoolExecutor(n_threads)
        step = -(-flat.size // n_threads)
        shares = [flat[start : start + step] for start in range(0, flat.size, step)]
        calls.append(lambda: list(pool.map(lambda share: share.max(), shares)))
    return calls
