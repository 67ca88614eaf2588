"""What lives in a worker: its blocks, and sums over them and over those of other workers.

It is an actor of Dask's: a call is one message to it, and an answer. A task takes several messages
more, some of which wait for up to 10 ms for others to go with them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from distributed import get_client, get_worker

from impls._blocks.lookout import Lookout
from impls._blocks.pieces import Held, sum_blocks, sum_samples
from impls._blocks.shares import limit_worker
from impls._blocks.sums import Sums, Work, add

Array = np.ndarray[Any, Any]


class WorkerBlocks:
    """The prepared blocks of one worker.

    Parameters
    ----------
    held : sequence of Held
    others : sequence of Actor
        `WorkerBlocks` of the workers whose sums are added to those of this one.
    addresses : sequence of str
        Those of these workers.
    """

    def __init__(
        self, held: Sequence[Held], others: Sequence[Any], addresses: Sequence[str]
    ) -> None:
        self._held, self._others, self._addresses = held, others, addresses
        self._sample_weights: Sequence[Array | None] = []

    def keep_weights(self, sample_weights: Sequence[Array]) -> None:
        """Keep the sample weights of each block for the calls to come."""
        self._sample_weights = sample_weights

    def sum(self, work: Work, is_weighted: bool) -> Sums:
        """Sums over these blocks and those of the other workers, which compute meanwhile."""
        waiting = [each.sum(work, is_weighted) for each in self._others]
        own = self._sum(work, is_weighted)
        if not waiting:
            return own
        return add([own, *Lookout(get_client(), self._addresses, needs_all=True).answers(waiting)])

    def sum_samples(self, work: Work, number: int, samples: Array) -> Sums:
        """Sums over some rows of one of these blocks, by its place among them."""
        sums: Sums = limited(sum_samples, work, self._held[number], samples)
        return sums

    def seconds(self, work: Work) -> float:
        """Time of the sums over these blocks alone."""
        begin = time.perf_counter()
        self._sum(work, is_weighted=False)
        return time.perf_counter() - begin

    def _sum(self, work: Work, is_weighted: bool) -> Sums:
        weights = self._sample_weights if is_weighted else [None] * len(self._held)
        sums: Sums = limited(sum_blocks, work, self._held, weights)
        return sums


def limited(function: Callable[..., Any], *arguments: Any) -> Any:
    """The function's result, computed in a worker with as many threads as it has."""
    limit_worker(get_worker().state.nthreads)
    return function(*arguments)
