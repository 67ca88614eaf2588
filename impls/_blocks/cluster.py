"""Blocks on the workers of a cluster of Dask's: the weights go out, sums of all blocks return.

A call is one message for each worker, which computes on the blocks that it holds and adds what some
others have computed, a tree of `FAN_IN`: no block moves. Where a worker is lost, Dask computes its
blocks again from their source; where they have none but this process's memory, they are sent again.
"""

from __future__ import annotations

import contextlib
import math
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError
from dataclasses import replace
from typing import Any

import numpy as np
from distributed import KilledWorker
from distributed.client import ClosedClientError
from distributed.comm import CommClosedError

from impls._blocks.lookout import Lookout, check_scheduler, last_seen
from impls._blocks.pieces import Held, Piece, Pieces, hold, read_and_hold
from impls._blocks.rows import ArrayRows
from impls._blocks.sums import FAN_IN, Sums, Work, add
from impls._blocks.worker import WorkerBlocks, limited
from impls._errors import WorkerLost

Array = np.ndarray[Any, Any]

_PIECE_BYTES = 2**28  # so much is computed again at a time when a worker is lost
_TRIES = 3  # of a call: the scheduler may hear of a lost worker later than this process
_LOST = (KilledWorker, CancelledError, ClosedClientError, CommClosedError, TimeoutError, OSError)


class Cluster:
    """Prepared blocks as futures, and an actor on the worker that holds them.

    Attributes
    ----------
    ranges : list of (float, float)
        Smallest and largest label of each block.
    """

    def __init__(self, client: Any, kernel: Any, pieces: Pieces) -> None:
        self._client, self._kernel, self._pieces = client, kernel, pieces
        self._scheduler = client.scheduler.address
        self._sample_weight: Any = None
        self._workers = _addresses(client)
        with self._naming_the_lost():
            self._hold()
            futures = [client.submit(_range, each) for each in self._held]
            self._wait(futures)
            self.ranges: list[tuple[float, float]] = client.gather(futures)

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
            Names the workers that are gone, or the scheduler; after some tries.
        """
        return self._retry(lambda: self._compute(work, sample_weight))

    def compute_samples(self, work: Work, number: int, samples: Array) -> Sums:
        """Sums over some rows of a block, which the worker that holds it computes.

        Raises
        ------
        WorkerLost
            As `compute`.
        """
        return self._retry(lambda: self._compute_samples(work, number, samples))

    def _retry(self, compute: Callable[[], Sums]) -> Sums:
        """A result; after a worker is lost, another try with those that are left."""
        for _ in range(_TRIES - 1):
            try:
                return compute()
            except WorkerLost:
                raise
            except Exception as error:
                if not self._is_anyone_lost(error):
                    raise
                check_scheduler(self._client, self._scheduler, error)
            self._hold_again()
        with self._naming_the_lost():
            return compute()

    def compute_seconds(self, weights: Array) -> float:
        """Time that the slowest worker takes for its blocks, while all compute at once."""
        work = Work(None, "gradient", weights)
        seconds: list[float] = self._answers([each.seconds(work) for each in self._actors])
        return max(seconds)

    def _compute(self, work: Work, sample_weight: Array | None) -> Sums:
        self._send_weights(sample_weight)
        # Without the kernel, which a worker would look up in the table again: some 5 ms.
        work, is_weighted = replace(work, kernel=None), sample_weight is not None
        return add(self._answers([each.sum(work, is_weighted) for each in self._actors[:FAN_IN]]))

    def _compute_samples(self, work: Work, number: int, samples: Array) -> Sums:
        place = next(k for k, (_, numbers) in enumerate(self._groups) if number in numbers)
        among = self._groups[place][1].index(number)
        call = self._actors[place].sum_samples(replace(work, kernel=None), among, samples)
        sums: Sums = self._answers([call])[0]
        return sums

    def _hold(self) -> None:
        """Futures of the prepared blocks, and the actors beside them; waits for them."""
        if not self._workers:
            raise WorkerLost("the scheduler has no workers: start some with dask worker")
        n_pieces, n_workers = len(self._pieces.pieces), len(self._workers)
        self._held = [
            self._hold_piece(piece, self._workers[k * n_workers // n_pieces])
            for k, piece in enumerate(self._pieces)
        ]
        self._wait(self._held)
        self._start_actors(self._group())

    def _hold_again(self) -> None:
        """The same after a worker was lost: Dask computes its blocks again, if it can."""
        with self._naming_the_lost():
            Lookout(self._client, self._workers, needs_all=False).look()
            self._workers = _addresses(self._client)
            # What was sent from this process's memory is gone with the worker, which the scheduler
            # may learn only once the actors are about to start.
            with contextlib.suppress(CancelledError):
                self._wait(self._held)
                if all(each.status == "finished" for each in self._held):
                    self._start_actors(self._group())
                    return
            self._workers = _addresses(self._client)
            self._hold()

    def _hold_piece(self, piece: Piece, address: str) -> Any:
        dtype, kernel = self._pieces.dtype, self._kernel
        if piece.is_chunk:  # Dask chooses the worker
            X, y = self._client.compute([piece.X, piece.y])
            return self._client.submit(limited, hold, kernel, X, y, piece.start, dtype, pure=False)
        if isinstance(piece.X, ArrayRows):
            rows = [each.read(piece.start, piece.stop) for each in (piece.X, piece.y)]
            sent = self._client.scatter(rows, workers=[address], hash=False)
            task = hold, kernel, *sent, piece.start, dtype
        else:
            task = read_and_hold, kernel, piece.X, piece.y, piece.start, piece.stop, dtype
        return self._submit(address, limited, *task)

    def _group(self) -> list[tuple[str, list[int]]]:
        """Each worker's address, and the numbers of the blocks that it holds."""
        places = self._client.who_has(self._held)
        groups: dict[str, list[int]] = defaultdict(list)
        for k, future in enumerate(self._held):
            holders = places.get(future.key) or self._workers
            groups[sorted(holders)[0]].append(k)
        return sorted(groups.items())

    def _start_actors(self, groups: list[tuple[str, list[int]]]) -> None:
        """An actor for each group of blocks; each adds the sums of some that come after it.

        In the order of the addresses, so that the trees of two X never wait for each other.
        """
        self._groups, self._sample_weight = groups, None
        self._futures: list[Any] = [None] * len(groups)
        for k, (address, numbers) in reversed(list(enumerate(groups))):
            theirs = slice(FAN_IN * (k + 1), FAN_IN * (k + 2))
            others = self._futures[theirs], [other for other, _ in groups[theirs]]
            held = [self._held[number] for number in numbers]
            self._futures[k] = self._submit(address, WorkerBlocks, held, *others, actor=True)
        self._wait(self._futures)
        self._actors = self._client.gather(self._futures)

    def _send_weights(self, sample_weight: Array | None) -> None:
        """Send each block's sample weights, once."""
        if sample_weight is None or sample_weight is self._sample_weight:
            return
        calls = []
        for actor, (_, numbers) in zip(self._actors, self._groups, strict=True):
            pieces = [self._pieces.pieces[number] for number in numbers]
            calls.append(actor.keep_weights([sample_weight[p.start : p.stop] for p in pieces]))
        self._answers(calls)
        self._sample_weight = sample_weight

    def _submit(self, address: str, function: Callable[..., Any], *task: Any, **how: Any) -> Any:
        place = {"workers": [address], "allow_other_workers": True}
        return self._client.submit(function, *task, pure=False, **place, **how)

    def _wait(self, futures: Sequence[Any]) -> None:
        """Wait for tasks, whichever workers they need."""
        Lookout(self._client, self._workers, needs_all=False).wait(futures)

    def _answers(self, calls: Sequence[Any]) -> list[Any]:
        """Results of calls of actors."""
        addresses = [address for address, _ in self._groups]
        return Lookout(self._client, addresses, needs_all=True).answers(calls)

    def _is_anyone_lost(self, error: Exception) -> bool:
        """Whether a call has failed because a worker was lost, not by its own fault."""
        return isinstance(error, _LOST) or any(each.status != "finished" for each in self._futures)

    @contextlib.contextmanager
    def _naming_the_lost(self) -> Iterator[None]:
        known = set(self._workers)
        try:
            yield
        except FileNotFoundError:
            raise
        except _LOST as error:
            check_scheduler(self._client, self._scheduler, error)
            lost = sorted(known - set(_addresses(self._client))) or [str(error)]
            raise WorkerLost(
                f"lost: {', '.join(lost)}; its blocks cannot be computed again: start a worker, "
                "then prepare again"
            ) from error


def _addresses(client: Any) -> list[str]:
    """Addresses of the workers."""
    return sorted(last_seen(client))


def _range(held: Held) -> tuple[float, float]:
    return held.least, held.most
