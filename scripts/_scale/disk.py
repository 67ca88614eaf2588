"""An X on disk: the stream beside a plain sequential read of the same file, warm and cold."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import psutil
from tqdm import tqdm

import impls
from impls._machine import count_threads
from scripts._common import units
from scripts._common.errors import UserError

Array = np.ndarray[Any, Any]

# Of a reading thread: stays in cache; one of 32 MiB reads a warm file at two thirds of the rate.
_BUFFER_BYTES = 2**22
_SAMPLE_SECONDS = 0.02
_PART_ROWS = 100_000
_SPARE_BYTES = 2**30
_COLD_ROUNDS = 3


@dataclass(frozen=True)
class Plan:
    """What is measured.

    Attributes
    ----------
    folder : Path
        Where the file is written, and deleted again.
    dtype : str
        Of X in the file.
    """

    problem: str
    kernel: str
    n_samples: int
    n_features: int
    dtype: str
    n_rounds: int
    folder: Path

    @property
    def x_bytes(self) -> int:
        """Size of the file, without its header."""
        return np.dtype(self.dtype).itemsize * self.n_samples * self.n_features


@dataclass(frozen=True)
class Rate:
    """Bytes per second in each round, of plain reads and of the gradient.

    Attributes
    ----------
    read, together : tuple of float
        By one thread from the file's beginning to its end, as of ``cat``; by as many threads as
        there are processors, each a part of the file.
    """

    cache: str
    read: tuple[float, ...]
    together: tuple[float, ...]
    stream: tuple[float, ...]

    @property
    def fraction(self) -> float:
        """Median ratio of the gradient's rate to that of one thread's read in the same round."""
        return median(b / a for a, b in zip(self.read, self.stream, strict=True))

    @property
    def fraction_of_together(self) -> float:
        """The same, of all threads' read."""
        return median(b / a for a, b in zip(self.together, self.stream, strict=True))


@dataclass(frozen=True)
class Findings:
    """Rates, and the resident memory of the process that computed.

    Attributes
    ----------
    memory : tuple of (float, int)
        Seconds and bytes, from the interpreter's start.
    base_bytes : int
        Before the first import of a library.
    error : float
        Difference from the kernel in memory, on the file's first rows, relative to the largest
        component.
    """

    plan: Plan
    rates: tuple[Rate, ...]
    memory: tuple[tuple[float, int], ...]
    base_bytes: int
    error: float

    @property
    def peak_bytes(self) -> int:
        """Largest resident memory above the interpreter's."""
        return max(n_bytes for _, n_bytes in self.memory) - self.base_bytes


def measure(plan: Plan) -> Findings:
    """Write the file, and compute on it in a process of its own, whose memory is watched."""
    with _written(plan) as path:
        context = multiprocessing.get_context("spawn")
        mine, other = context.Pipe()
        child = context.Process(target=_compute, args=(plan, str(path), other))
        child.start()
        other.close()
        samples: list[tuple[float, int]] = []
        begin = time.perf_counter()
        try:
            while not mine.poll(_SAMPLE_SECONDS):
                samples.append((time.perf_counter() - begin, _resident(child.pid)))
            rates, base, error = mine.recv()
        except EOFError:
            raise UserError("the process that computes has died; is memory short?") from None
        finally:
            child.join()
    if not error <= 1e-9:
        raise UserError(f"memmap_stream differs by {error:.2g} from {plan.kernel}: it is wrong")
    return Findings(plan, rates, tuple(s for s in samples if s[1]), base, error)


def _compute(plan: Plan, path: str, pipe: Any) -> None:
    base = psutil.Process().memory_info().rss
    y = np.load(f"{path}.y.npy", mmap_mode="r")
    X = np.load(path, mmap_mode="r")
    stream = impls.load(plan.problem, f"memmap_stream:{plan.kernel}")
    prepared = stream.prepare(X, y)
    weights = np.linspace(-1, 1, plan.n_features) / plan.n_features
    few = min(len(X), _PART_ROWS)
    error = _first_rows_error(plan, weights, X, y, few)
    gradient = partial(stream.kernel, weights, *prepared)
    _read(path, 1)
    rates = [_rate("warm", plan, plan.n_rounds, path, gradient)]
    if hasattr(os, "posix_fadvise"):  # macOS and Windows do not let a file's pages go
        rates.append(_rate("cold", plan, _COLD_ROUNDS, path, gradient))
    pipe.send((tuple(rates), base, error))


def _rate(cache: str, plan: Plan, n_rounds: int, path: str, gradient: Callable[[], Any]) -> Rate:
    """Rates of the plain reads and of the gradient, in turn."""
    calls = partial(_read, path, 1), partial(_read, path, count_threads()), gradient
    rounds = []
    for _ in range(n_rounds):
        rates = []
        for call in calls:
            if cache == "cold":
                _evict(path)
            begin = time.perf_counter()
            call()
            rates.append(plan.x_bytes / (time.perf_counter() - begin))
        rounds.append(rates)
    return Rate(cache, *zip(*rounds, strict=True))


def _first_rows_error(plan: Plan, weights: Array, X: Array, y: Array, n_rows: int) -> float:
    """Difference of the stream from the kernel in memory, on rows that memory holds."""
    stream = impls.load(plan.problem, f"memmap_stream:{plan.kernel}")
    local = impls.load(plan.problem, plan.kernel)
    found = stream.gradient(weights, *stream.prepare(X[:n_rows], y[:n_rows]))
    expected = local.gradient(weights, *local.prepare(np.array(X[:n_rows]), y[:n_rows]))
    return float(np.abs(found - expected).max() / np.abs(expected).max())


def _read(path: str, n_threads: int) -> None:
    """Read the file, each thread a part of it from beginning to end into one buffer."""
    size = Path(path).stat().st_size
    bounds = [k * size // n_threads for k in range(n_threads + 1)]
    if n_threads == 1:
        _read_part(path, 0, size)
        return
    with ThreadPoolExecutor(n_threads) as pool:
        list(pool.map(partial(_read_part, path), bounds, bounds[1:]))


def _read_part(path: str, start: int, stop: int) -> None:
    buffer = np.empty(_BUFFER_BYTES, np.uint8).data
    with Path(path).open("rb", buffering=0) as file:
        if hasattr(os, "posix_fadvise"):
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_SEQUENTIAL)
        file.seek(start)
        while start < stop and (n_bytes := file.readinto(buffer[: stop - start])):
            start += n_bytes


def _evict(path: str) -> None:
    """Let the system forget the file's pages."""
    with Path(path).open("rb") as file:
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def _resident(pid: int | None) -> int:
    try:
        return int(psutil.Process(pid).memory_info().rss)
    except psutil.Error:  # it has ended
        return 0


@contextmanager
def _written(plan: Plan) -> Iterator[Path]:
    """The file, block by block, and its labels beside it; deleted when the block ends."""
    free = shutil.disk_usage(plan.folder).free
    if free < plan.x_bytes + _SPARE_BYTES:
        raise UserError(
            f"{plan.folder} has {units.n_bytes(free)} left, the file needs "
            f"{units.n_bytes(plan.x_bytes)}: name another --folder, or fewer --gigabytes"
        )
    with TemporaryDirectory(prefix="gradmark-scale-", dir=plan.folder) as folder:
        path = Path(folder) / "X.npy"
        _write(plan, path)
        y = np.resize(impls.make(plan.problem, 1000, 1)[2], plan.n_samples)
        np.save(f"{path}.y.npy", y)
        yield path


def _write(plan: Plan, path: Path) -> None:
    """Write X as `numpy.save` does: the system then keeps larger pages than of a mapped file."""
    part = impls.make(plan.problem, min(_PART_ROWS, plan.n_samples), plan.n_features)[1]
    part = part.astype(plan.dtype)
    shape = plan.n_samples, plan.n_features
    header = {"descr": part.dtype.str, "fortran_order": False, "shape": shape}
    with path.open("wb") as file:
        np.lib.format.write_array_header_1_0(file, header)
        starts = range(0, plan.n_samples, _PART_ROWS)
        for start in tqdm(starts, desc="writing", disable=None, leave=False):
            part[: plan.n_samples - start].tofile(file)
