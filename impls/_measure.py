"""How a call is measured: seconds, bytes allocated, and the read roof."""

from __future__ import annotations

import ctypes
import math
import re
import tracemalloc
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import repeat
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import numpy as np

from impls import _machine

# Length of a sample: long enough for the clock (50 ns) and the loop around the calls (20 ns each)
# not to matter, short enough for many samples.
SAMPLE_SECONDS = 0.005
_LONGEST_DELAY_SECONDS = 0.05
# Calls of a sample at most: Python's loop alone takes ten samples for so many.
_MOST_CALLS = 4_000_000
# Shape of a read as a matrix-vector product: long streams, and a vector that stays in L1.
_ROW_VALUES, _ROWS_AT_A_TIME = 2000, 4

# Bytes of the array that evicts the caches, in sizes of the last-level cache.
_EVICTIONS = 2
_CLEAR, _STATUS = Path("/proc/self/clear_refs"), Path("/proc/self/status")

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


def seconds_in_turn(calls: list[Call], n_calls: int) -> tuple[float, Any]:
    """Mean of at least `n_calls` calls in all, in turn; the last result.

    In turn, because a processor learns the branches of a call that it repeats: NumPy's sigmoid of
    10,000 samples takes two thirds of its time on a Zen 5 if the weights do not change.
    """
    each = -(-n_calls // len(calls))
    result = None
    start = perf_counter()
    for _ in repeat(None, each):
        for call in calls:
            result = call()
    return (perf_counter() - start) / (each * len(calls)), result


def seconds_once(calls: list[Call]) -> float:
    """Mean of one call of each.

    Keeps a result until the next is there, as `seconds_in_turn` does: the memory allocator may take
    twice as long otherwise.
    """
    result = None
    start = perf_counter()
    for call in calls:
        result = call()
    seconds = perf_counter() - start
    del result
    return seconds / len(calls)


def count_calls(call: Call, sample_seconds: float = SAMPLE_SECONDS) -> tuple[int, float]:
    """Calls that make one sample, and their seconds; a first call warms up and does not count.

    Raises
    ------
    RuntimeError
        If the clock does not go on while it is called.
    """
    call()
    n_calls = 1
    while (seconds := _least_seconds(call, n_calls, sample_seconds)) < sample_seconds:
        if n_calls > _MOST_CALLS:
            raise RuntimeError(f"{n_calls:,} calls took {seconds:.1g} s by a clock that is changed")
        wanted = 1.2 * sample_seconds / seconds if seconds > 0 else 10.0
        n_calls = max(n_calls + 1, int(n_calls * min(10.0, wanted)))
    return n_calls, seconds


def _least_seconds(call: Call, n_calls: int, sample_seconds: float) -> float:
    """Seconds of `n_calls` calls in a row, the least of three if one may have been delayed.

    A call of microseconds can be delayed by milliseconds when its threads start on one processor.
    """
    seconds = seconds_per_call(call, n_calls) * n_calls
    for _ in range(2):
        if sample_seconds <= seconds < _LONGEST_DELAY_SECONDS:
            seconds = min(seconds, seconds_per_call(call, n_calls) * n_calls)
    return seconds


def seconds_from_memory(call: Call, n_calls: int = 5) -> tuple[float, Any]:
    """Median of single calls, each after the caches were evicted; the last result."""
    call()
    other = np.ones(_EVICTIONS * max(_machine.cache_bytes().values()) // 8)
    seconds, result = [], None
    for _ in range(n_calls):
        other += 1.0  # reads and writes all of it
        start = perf_counter()
        result = call()
        seconds.append(perf_counter() - start)
    return median(seconds), result


def workspace_bytes(call: Call) -> int:
    """Peak bytes that one warm call allocates in Python, NumPy and numba, result included."""
    call()
    return allocated_bytes(call)[0]


def allocated_bytes(call: Call) -> tuple[int, int]:
    """Bytes that a call allocates in Python, NumPy and numba: at its peak, and in its result."""
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        result = call()
        after, peak = tracemalloc.get_traced_memory()
        del result
    finally:
        tracemalloc.stop()
    return peak - before, after - before


def peak_bytes(call: Call) -> float:
    """What a warm call adds to the resident memory of the process at its peak.

    Sees what libraries allocate outside Python. NaN where the system cannot let the peak start
    again.
    """
    _give_back_free_memory()
    if not _forget_peak():
        return math.nan
    before = _peak_resident_bytes()
    call()
    return _peak_resident_bytes() - before


def _forget_peak() -> bool:
    """Let the peak start again from the memory in use; whether the system can."""
    try:
        _CLEAR.write_text("5")
    except OSError:
        return False
    return True


def _peak_resident_bytes() -> int:
    found = re.search(rb"^VmHWM:\s+(\d+) kB", _STATUS.read_bytes(), re.MULTILINE)
    return int(found[1]) * 1024 if found else 0


def _give_back_free_memory() -> None:
    """Return freed memory to the system: a call that reuses it would seem to need none."""
    with suppress(AttributeError, OSError, TypeError):  # glibc alone has it
        ctypes.CDLL(None).malloc_trim(0)


def reads_of(X: Any, n_threads: int) -> list[Call]:
    """Calls that read X once and do next to nothing else; the fastest is the read roof.

    1. BLAS's inner product of X with itself, which OpenBLAS spreads over its threads.
    2. If X is long enough, the product of its rows of 16 KB with a vector of ones, for which
       OpenBLAS reads 4 rows at a time: 1.05 to 1.25x from memory on a Zen 3
       (python -m scripts.race --size 1000000 100 writes the roof of each run).
    3. The inner products of those rows, which are too short for OpenBLAS to spread: one thread
       alone, the fastest while other work has the processors of the others.
    4. The largest value of each thread's share, for a BLAS whose products are serial.

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
            calls.append(lambda: (np.vecdot(rows, rows), rest.dot(rest)))
    if n_threads > 1:
        pool = ThreadPoolExecutor(n_threads)
        step = -(-flat.size // n_threads)
        shares = [flat[start : start + step] for start in range(0, flat.size, step)]
        calls.append(lambda: list(pool.map(lambda share: share.max(), shares)))
    return calls
