"""Blocks on the workers of a cluster of Dask's: the weights go out, one vector per worker returns.

A call is one task for each worker, on the blocks that it holds, and a tree of sums above them: no
block moves. Where a worker is lost, Dask computes its blocks again from their source; where they
have none but this process's memory, they are sent again.
"""

from __future__ import annotations

import contextlib
import math
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from concurrent.futures import CancelledError
from dataclasses import replace
from typing import Any

import numpy as np
from distributed import KilledWorker, get_worker, wait
from distributed.client import ClosedClientError
from distributed.comm import CommClosedError

from impls._blocks.pieces import Held, Piece, Pieces, hold, read_and_hold, sum_blocks
from impls._blocks.rows import ArrayRows
from impls._blocks.shares import limit_worker
from impls._blocks.sums import FAN_IN, Sums, Work, add
from impls._errors import WorkerLost

Array = np.ndarray[Any, Any]

_PIECE_BYTES = 2**28  # so much is computed again at a time when a worker is lost
_POLL_SECONDS = 4.0
_ANSWER_SECONDS = 10.0
_SILENT_SECONDS = 16.0  # a worker tells of itself each second, also while it computes
_LOST = (KilledWorker, CancelledError, ClosedClientError, CommClosedError, TimeoutError, OSError)


class Cluster:
    """Prepared blocks as futures, and the worker that holds each.

    Attributes
    ----------
    ranges : list of (float, float)
        Smallest and largest label of each block.
    """

    def __init__(self, client: Any, kernel: Any, pieces: Pieces) -> None:
        self._client, self._kernel, self._pieces = client, kernel, pieces
        self._scheduler = client.scheduler.address
        self._weights: tuple[Any, list[Any]] | None = None
        self._last: list[Any] = []
        self._workers = _addresses(client)
        with self._naming_the_lost():
            self._hold()
            ranges = self._gather([client.submit(_range, each) for each in self._held])
        self.ranges: list[tuple[float, float]] = ranges

    @staticmethod
    def count_pieces(client: Any, n_bytes: int) -> int:
        """Some pieces for each worker, of about 256 MB at most."""
        n_workers = max(1, len(_addresses(client)))
        return n_workers * max(1, math.ceil(n_bytes / n_workers / _PIECE_BYTES))

    def compute(self, work: Work, sample_weight: Array | None) -> Sums:
        """Sums over all samples.

        Raises
        ------
        WorkerLost
            Names the workers that are gone, or the scheduler; after a second try.
        """
        try:
            return self._compute(work, sample_weight)
        except _LOST as error:
            # What was sent from this process's memory is gone with the worker.
            self._check_scheduler(error)
        with self._naming_the_lost():
            self._workers_at_work()
            self._hold()
            return self._compute(work, sample_weight)

    def compute_seconds(self, weights: Array) -> float:
        """Time that the slowest worker takes for its blocks, while all compute at once."""
        work = Work(None, "gradient", weights)
        futures = [
            self._submit(_time_group, work, [self._held[k] for k in numbers], workers=[address])
            for address, numbers in self._groups.items()
        ]
        seconds: list[float] = self._gather(futures)
        return max(seconds)

    def _compute(self, work: Work, sample_weight: Array | None) -> Sums:
        weights = self._send_weights(sample_weight)
        groups = [[self._held[k] for k in numbers] for numbers in self._groups.values()]
        own = [
            [weights[k] if weights else None for k in numbers] for numbers in self._groups.values()
        ]
        # Without the kernel, which a worker would look up in the table again: some 5 ms.
        level = self._map(_sum_group, [replace(work, kernel=None)] * len(groups), groups, own)
        while len(level) > FAN_IN:
            parts = [level[k : k + FAN_IN] for k in range(0, len(level), FAN_IN)]
            level = self._map(_add_group, parts)
        # What the client says next it sends after 10 ms at the earliest: futures are let go with
        # the next call's, not before it.
        self._last = level
        results = self._gather(level)
        if {address for part, _ in results for address in part} != set(self._groups):
            self._group()  # a worker was lost, and others hold its blocks
        return add(sums for _, sums in results)

    def _map(self, function: Any, *arguments: Any) -> list[Any]:
        """A task for each of the arguments, in a single message; they go where their blocks are."""
        return list(self._client.map(function, *arguments, pure=False))

    def _submit(self, function: Any, *arguments: Any, workers: Any = None) -> Any:
        return self._client.submit(
            function, *arguments, pure=False, workers=workers, allow_other_workers=bool(workers)
        )

    def _hold(self) -> None:
        """Futures of the prepared blocks; waits for them."""
        if not self._workers:
            raise WorkerLost("the scheduler has no workers: start some with dask worker")
        self._weights = None
        n_pieces, n_workers = len(self._pieces.pieces), len(self._workers)
        self._held = [
            self._hold_piece(piece, self._workers[k * n_workers // n_pieces])
            for k, piece in enumerate(self._pieces)
        ]
        self._wait(self._held)
        self._group()

    def _hold_piece(self, piece: Piece, address: str) -> Any:
        dtype, kernel = self._pieces.dtype, self._kernel
        if piece.is_chunk:  # Dask chooses the worker
            X, y = self._client.compute([piece.X, piece.y])
            return self._client.submit(_limited, hold, kernel, X, y, piece.start, dtype, pure=False)
        if isinstance(piece.X, ArrayRows):
            rows = [each.read(piece.start, piece.stop) for each in (piece.X, piece.y)]
            sent = self._client.scatter(rows, workers=[address], hash=False)
            task = hold, kernel, *sent, piece.start, dtype
        else:
            task = read_and_hold, kernel, piece.X, piece.y, piece.start, piece.stop, dtype
        return self._submit(_limited, *task, workers=[address])

    def _group(self) -> None:
        """Numbers of the blocks that each worker holds."""
        places = self._client.who_has(self._held)
        self._groups: dict[str, list[int]] = defaultdict(list)
        for k, future in enumerate(self._held):
            holders = places.get(future.key) or self._workers
            self._groups[sorted(holders)[0]].append(k)

    def _send_weights(self, sample_weight: Array | None) -> list[Any] | None:
        """Futures of each block's sample weights, sent once and held beside the block."""
        if sample_weight is None:
            return None
        if self._weights is None or self._weights[0] is not sample_weight:
            futures: list[Any] = [None] * len(self._held)
            for address, numbers in self._groups.items():
                parts = [sample_weight[p.start : p.stop] for p in map(self._piece, numbers)]
                sent = self._client.scatter(parts, workers=[address], hash=False)
                for k, future in zip(numbers, sent, strict=True):
                    futures[k] = future
            self._weights = sample_weight, futures
        return self._weights[1]

    def _piece(self, number: int) -> Piece:
        return self._pieces.pieces[number]

    def _gather(self, futures: Sequence[Any]) -> list[Any]:
        self._wait(futures)
        return list(self._client.gather(list(futures)))

    def _wait(self, futures: Sequence[Any]) -> None:
        """Wait, and look whether all workers still tell of themselves.

        Raises
        ------
        WorkerLost
            If one has been silent, or the scheduler does not answer.
        """
        seen: dict[str, tuple[float, float]] = {}
        while True:
            with contextlib.suppress(TimeoutError):
                wait(list(futures), timeout=_POLL_SECONDS)
                return
            self._check_scheduler(None)
            try:
                times = _last_seen(self._client)
            except (TimeoutError, OSError) as error:
                raise WorkerLost(f"the scheduler {self._scheduler} does not answer") from error
            if not times:
                raise WorkerLost(
                    f"lost: {', '.join(self._workers)}; the scheduler has no other workers: start "
                    "some with dask worker"
                )
            for address, last in times.items():
                told, since = seen.get(address, (math.nan, 0.0))
                seen[address] = (last, time.monotonic() if last != told else since)
                silent = time.monotonic() - seen[address][1]
                if silent > _SILENT_SECONDS:
                    raise WorkerLost(f"the worker {address} has been silent for {silent:.0f} s")

    def _workers_at_work(self) -> None:
        self._workers = _addresses(self._client)

    def _check_scheduler(self, error: BaseException | None) -> None:
        if self._client.status != "running":
            raise WorkerLost(
                f"the scheduler {self._scheduler} is gone: start it and its workers again, then "
                "prepare again"
            ) from error

    @contextlib.contextmanager
    def _naming_the_lost(self) -> Iterator[None]:
        known = set(self._workers)
        try:
            yield
        except FileNotFoundError:
            raise
        except _LOST as error:
            self._check_scheduler(error)
            lost = sorted(known - set(_addresses(self._client))) or [str(error)]
            raise WorkerLost(
                f"lost: {', '.join(lost)}; its blocks cannot be computed again: start a worker, "
                "then prepare again"
            ) from error


def _addresses(client: Any) -> list[str]:
    """Addresses of the workers."""
    return sorted(_last_seen(client))


def _last_seen(client: Any) -> dict[str, float]:
    """When the scheduler last heard of each worker, by its clock.

    Raises
    ------
    TimeoutError
        If the scheduler does not answer: where a link is down, a request would wait for minutes.
    """
    found = client.sync(client.scheduler.identity, n_workers=-1, callback_timeout=_ANSWER_SECONDS)
    return {address: worker["last_seen"] for address, worker in found["workers"].items()}


def _range(held: Held) -> tuple[float, float]:
    return held.least, held.most


def _limited(function: Any, *arguments: Any) -> Any:
    """The function's result, computed in a worker with as many threads as it has."""
    limit_worker(get_worker().state.nthreads)
    return function(*arguments)


def _sum_group(work: Work, held: list[Held], weights: list[Any]) -> tuple[tuple[str, ...], Sums]:
    """The worker's address, and sums over its blocks."""
    return (get_worker().address,), _limited(sum_blocks, work, held, weights)


def _time_group(work: Work, held: list[Held]) -> float:
    begin = time.perf_counter()
    _limited(sum_blocks, work, held, [None] * len(held))
    return time.perf_counter() - begin


def _add_group(parts: list[tuple[tuple[str, ...], Sums]]) -> tuple[tuple[str, ...], Sums]:
    addresses = tuple(address for part, _ in parts for address in part)
    return addresses, add(sums for _, sums in parts)
