"""Calls on 1 to W workers of a cluster on this machine, beside the kernel in this process."""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from statistics import median
from typing import Any

import numpy as np
import psutil
from tqdm import tqdm

import impls
from impls._machine import count_threads, set_threads
from scripts._common.errors import UserError
from scripts._scale.model import Model, fit

Array = np.ndarray[Any, Any]

_TINY_ROWS = 16  # of each worker, where the fixed cost is measured
_TINY_CALLS = 60
_LATENCY_CALLS = 40
_WARM_CALLS = 5
_LOOPBACK = ("lo", "lo0")


@dataclass(frozen=True)
class Plan:
    """What is measured.

    Attributes
    ----------
    kernel : str
        On each block.
    n_workers : tuple of int
        Numbers of workers. Each has as many threads as there are processors for each of the most.
    n_rounds : int
        Calls of each, in turn with the kernel in this process.
    """

    problem: str
    kernel: str
    n_samples: int
    n_features: int
    n_workers: tuple[int, ...]
    n_rounds: int

    @property
    def x_bytes(self) -> int:
        """Size of X in float64."""
        return 8 * self.n_samples * self.n_features

    @property
    def threads(self) -> int:
        """Threads of each worker."""
        return max(1, count_threads() // max(self.n_workers))


@dataclass(frozen=True)
class Cell:
    """Times of one X on some workers.

    Attributes
    ----------
    local_seconds : tuple of float
        The kernel on the whole X in this process, on as many threads, in the same rounds.
    compute_seconds : float
        The slowest worker's time for its own blocks, all workers at once.
    wire_bytes : float or None
        Over loopback, for a call; None where the system does not count them.
    error : float
        Largest difference from the kernel in this process, relative to the largest component.
    """

    growth: str
    n_workers: int
    n_samples: int
    x_bytes: int
    seconds: tuple[float, ...]
    local_seconds: tuple[float, ...]
    compute_seconds: float
    wire_bytes: float | None
    error: float

    @property
    def overhead(self) -> float:
        """Median ratio of a call to the kernel in this process, less 1."""
        pairs = zip(self.seconds, self.local_seconds, strict=True)
        return median(a / b for a, b in pairs) - 1


@dataclass(frozen=True)
class Findings:
    """All cells, and the model that comes from them."""

    plan: Plan
    cells: tuple[Cell, ...]
    overheads: dict[int, float]
    model: Model


def measure(plan: Plan) -> Findings:
    """Measure every number of workers: fixed cost, strong and weak growth.

    Raises
    ------
    UserError
        If a result differs from that of the kernel in this process.
    """
    weights, X, y = impls.make(plan.problem, plan.n_samples, plan.n_features)
    local = impls.load(plan.problem, plan.kernel)
    batch = weights, *local.prepare(X, y)
    overheads, latencies, cells = {}, [], []
    for n in tqdm(plan.n_workers, unit="cluster", disable=None, leave=False):
        set_threads(min(count_threads(), n * plan.threads))
        with cluster(n, plan.threads) as client:
            overheads[n] = _fixed_seconds(plan, client, n)
            latencies.append(_latency_seconds(client))
            cells.append(_measure("strong", plan, client, (X, y), local, batch))
            n_samples = plan.n_samples * n // max(plan.n_workers)
            part = X[:n_samples], y[:n_samples]
            mine = weights, *local.prepare(*part)
            cells.append(_measure("weak", plan, client, part, local, mine))
    bandwidths = {
        cell.n_workers: cell.x_bytes / cell.n_workers / cell.compute_seconds
        for cell in cells
        if cell.growth == "strong"
    }
    model = fit(bandwidths, median(latencies), overheads)
    return Findings(plan, tuple(cells), overheads, model)


@contextmanager
def cluster(n_workers: int, n_threads: int) -> Iterator[Any]:
    """A client of so many workers on this machine, in processes of their own."""
    from distributed import Client, LocalCluster

    workers = LocalCluster(
        n_workers=n_workers, threads_per_worker=n_threads, dashboard_address=":0", memory_limit=0
    )
    with workers, Client(workers) as client:
        yield client


def _measure(
    growth: str, plan: Plan, client: Any, data: tuple[Array, Array], local: Any, batch: Any
) -> Cell:
    X, y = data
    spread = impls.load(plan.problem, f"dask_blocks:{plan.kernel}")
    weights = batch[0]
    prepared: Any = spread.prepare(X, y)
    error = _difference(spread.gradient(weights, *prepared), local.gradient(*batch))
    if not error <= max(spread.rtol, 1e-12):
        raise UserError(f"{spread.name} differs by {error:.2g} from {plan.kernel}: it is wrong")
    call = partial(spread.kernel, weights, *prepared)
    for _ in range(_WARM_CALLS):
        call()
    wire_bytes = _wire_bytes(call, plan.n_rounds)
    here = partial(local.kernel, *batch)
    # In turn, so that both see the same machine.
    pairs = [(_time_second(call), _time_second(here)) for _ in range(plan.n_rounds)]
    seconds, local_seconds = zip(*pairs, strict=True)
    compute = median(prepared[0].holder.compute_seconds(weights) for _ in range(plan.n_rounds))
    cell = Cell(
        growth=growth,
        n_workers=len(client.scheduler_info()["workers"]),
        n_samples=len(y),
        x_bytes=X.nbytes,
        seconds=seconds,
        local_seconds=local_seconds,
        compute_seconds=compute,
        wire_bytes=wire_bytes,
        error=error,
    )
    del call, prepared
    gc.collect()  # the workers let go of their blocks
    return cell


def _fixed_seconds(plan: Plan, client: Any, n_workers: int) -> float:
    """Median time of a call on a few rows for each worker."""
    spread = impls.load(plan.problem, f"dask_blocks:{plan.kernel}")
    weights, X, y = impls.make(plan.problem, _TINY_ROWS * n_workers, plan.n_features)
    call = partial(spread.kernel, weights, *spread.prepare(X, y))
    for _ in range(_WARM_CALLS):
        call()
    return median(_time(call) for _ in range(_TINY_CALLS))


def _latency_seconds(client: Any) -> float:
    """Median time of a call of a worker that does nothing."""
    worker = client.submit(_Idle, actor=True).result()
    call = partial(_ask, worker)
    for _ in range(_WARM_CALLS):
        call()
    return median(_time(call) for _ in range(_LATENCY_CALLS))


class _Idle:
    def answer(self) -> None:
        """Do nothing."""


def _ask(worker: Any) -> None:
    worker.answer().result()


def _time(call: Callable[[], Any]) -> float:
    begin = time.perf_counter()
    call()
    return time.perf_counter() - begin


def _time_second(call: Callable[[], Any]) -> float:
    """Seconds of a call that follows one of its own kind, as in a fit.

    Threads of another kind still spin during the first, and take processors from the workers.
    """
    call()
    return _time(call)


def _wire_bytes(call: Callable[[], Any], n_calls: int) -> float | None:
    """Bytes over loopback for a call; None where the system does not count them."""
    before = _sent_bytes()
    for _ in range(n_calls):
        call()
    after = _sent_bytes()
    return None if before is None or after is None else (after - before) / n_calls


def _sent_bytes() -> int | None:
    """Bytes that have passed over loopback since the system started."""
    counters = psutil.net_io_counters(pernic=True)
    return next((int(counters[name].bytes_sent) for name in _LOOPBACK if name in counters), None)


def _difference(found: Array, expected: Array) -> float:
    return float(np.abs(found - expected).max() / max(np.abs(expected).max(), 1e-300))
