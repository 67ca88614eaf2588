"""What this process may use: processors, caches and memory, container limits included."""

from __future__ import annotations

import functools
import math
import os
import platform
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from impls._compiled import limit_threads

_CACHES = Path("/sys/devices/system/cpu/cpu0/cache")
_CGROUPS = Path("/sys/fs/cgroup")
_UNITS = {"": 1, "K": 1024, "M": 1024**2, "G": 1024**3}
# Cache sizes of most desktop and server cores since 2017, where the system does not tell.
_USUAL_CACHE_BYTES = {1: 32 * 1024, 2: 1024**2, 3: 32 * 1024**2}


def count_threads() -> int:
    """Processors that this process may use: its affinity, cut by a container's CPU quota."""
    if hasattr(os, "sched_getaffinity"):
        n_threads = len(os.sched_getaffinity(0))
    else:
        n_threads = os.cpu_count() or 1
    return max(1, math.ceil(min(n_threads, _cpu_quota())))


def limit_processors(n_threads: int) -> None:
    """Pin this process to `n_threads` of its processors, from now on.

    XLA, and with it JAX, starts as many threads as there are processors when it is loaded, and has
    no other setting. Does nothing where processes have no affinity (macOS, Windows).
    """
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:n_threads])


def set_threads(n_threads: int) -> None:
    """Limit BLAS, OpenMP, numba and other libraries, as far as they are loaded, to `n_threads`.

    The others are numexpr, PyTorch and oneDAL, whose threads are of TBB and known to no one else.

    JAX's threads can only be limited before it is loaded: see `limit_processors`.

    Raises
    ------
    ValueError
        If `n_threads` is below 1 or above what `count_threads` tells.
    """
    if not 1 <= n_threads <= count_threads():
        raise ValueError(
            f"n_threads is {n_threads}, expected 1 to {count_threads()} (what this process may use)"
        )
    from threadpoolctl import threadpool_limits

    # Without its context manager: the limit holds for the rest of the process.
    threadpool_limits(limits=n_threads)
    # From sys.modules, not imported: a library that is not loaded has no threads to limit.
    numexpr, torch, daal4py = map(sys.modules.get, ("numexpr", "torch", "daal4py"))
    limit_threads(n_threads)
    if numexpr:
        numexpr.set_num_threads(min(n_threads, numexpr.MAX_THREADS))
    if torch:
        torch.set_num_threads(n_threads)
    if daal4py:
        daal4py.daalinit(n_threads)


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Limit BLAS to one thread in a block, such as an optimiser's call.

    An optimiser's own products are short, and OpenBLAS's threads wait busily after each: with two
    processors, L-BFGS-B takes up to ten times as long for the same steps. Implementations in one
    pass do not use BLAS and keep their threads. The first block takes 3 ms, as does the first after
    an import.
    """
    with _controller(len(sys.modules)).limit(limits=1, user_api="blas"):
        yield


@functools.lru_cache(maxsize=1)
def _controller(n_modules: int) -> Any:
    """Controls the libraries that are loaded; finding them takes 3 ms."""
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


def count_openmp_runtimes() -> int:
    """Number of OpenMP libraries that this process has loaded."""
    import psutil

    return _count_openmp_runtimes(len(sys.modules), psutil.Process().num_threads())


@functools.lru_cache(maxsize=1)
def _count_openmp_runtimes(_n_modules: int, _n_threads: int) -> int:
    """The same, which takes 2.6 ms, counted again once modules or threads have been added."""
    from threadpoolctl import threadpool_info

    return sum(info["user_api"] == "openmp" for info in threadpool_info())


def processor_name() -> str:
    """Model name of the processor."""
    found = re.search(r"^model name\s*:\s*(.+)$", _read(Path("/proc/cpuinfo")), re.MULTILINE)
    return found[1].strip() if found else platform.processor() or platform.machine()


def cache_bytes() -> dict[int, int]:
    """Bytes of the data cache that one core sees, by level (1, 2, 3); usual sizes if unknown."""
    found = {}
    for index in sorted(_CACHES.glob("index*")):
        size = re.fullmatch(r"(\d+)([KMG]?)", _read(index / "size"))
        if size and _read(index / "type") in ("Data", "Unified"):
            number, unit = size.groups()
            found[int(_read(index / "level"))] = int(number) * _UNITS[unit]
    return found or dict(_USUAL_CACHE_BYTES)


@functools.cache
def chunk_bytes() -> int:
    """Bytes of a block of rows that stays in cache between two uses by BLAS's threads.

    An eighth of the last-level cache, which other cores share. Chunks that fit in L2 lose more to
    starting BLAS's threads twice per chunk than they gain: on 2 cores with an L2 of 1 MiB each,
    logistic's `chunked` takes 25 ms at 20,000 x 1,000 in chunks of 512 KiB and 16 ms in chunks of
    4 MiB (python -m scripts.race --contender chunked --size 20000 1000, with either returned here).
    """
    return max(cache_bytes().values()) // 8


def available_memory() -> int:
    """Bytes that can be allocated without swapping or being killed, by host and container."""
    import psutil

    free = [int(psutil.virtual_memory().available)]
    free += [_free_in(folder) for folder in _memory_cgroups()]
    return max(0, min(free))


def _read(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""


def _cgroup_folders(controller: str) -> list[Path]:
    """Folders of this process's control group and its ancestors, version 2 or 1."""
    folders: list[Path] = []
    for line in _read(Path("/proc/self/cgroup")).splitlines():
        _, names, path = line.split(":", 2)
        if names and controller not in names.split(","):
            continue
        root = _CGROUPS / controller if names else _CGROUPS
        parts = [part for part in path.split("/") if part not in ("", "..")]
        folders += [root.joinpath(*parts[:depth]) for depth in range(len(parts), -1, -1)]
    return folders


def _memory_cgroups() -> list[Path]:
    files = ("memory.max", "memory.limit_in_bytes")
    return [f for f in _cgroup_folders("memory") if any((f / name).exists() for name in files)]


def _free_in(folder: Path) -> int:
    limit = _read(folder / "memory.max") or _read(folder / "memory.limit_in_bytes")
    used = _read(folder / "memory.current") or _read(folder / "memory.usage_in_bytes")
    if not (limit.isdigit() and used.isdigit()):  # "max": no limit
        return sys.maxsize
    # Cached file pages count as used and are given back under pressure. Version 1 counts those of
    # the groups below in "total_inactive_file".
    cached = dict(line.split() for line in _read(folder / "memory.stat").splitlines())
    given_back = cached.get("total_inactive_file", cached.get("inactive_file", "0"))
    return int(limit) - int(used) + int(given_back)


def _cpu_quota() -> float:
    """Processors' worth of time that a container may use; infinite without a limit."""
    quotas = [math.inf]
    for folder in _cgroup_folders("cpu"):
        quota, _, period = _read(folder / "cpu.max").partition(" ")
        quota = quota or _read(folder / "cpu.cfs_quota_us")
        period = period or _read(folder / "cpu.cfs_period_us")
        if quota.isdigit() and period.isdigit():  # "max" or -1: no limit
            quotas.append(int(quota) / int(period))
    return min(quotas)
