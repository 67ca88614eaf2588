"""Whether the workers of a cluster still tell of themselves, while this process waits for them."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Sequence
from typing import Any

from distributed import wait

from impls._errors import WorkerLost

_POLL_SECONDS = 4.0
_ANSWER_SECONDS = 10.0
_SILENT_SECONDS = 16.0  # a worker tells of itself each second, also while it computes


class Lookout:
    """Looks at the workers from time to time.

    Parameters
    ----------
    client : distributed.Client
    workers : sequence of str
        Addresses of the workers that were there.
    needs_all : bool
        Whether each of them has to be there still.
    """

    def __init__(self, client: Any, workers: Sequence[str], needs_all: bool) -> None:
        self._client, self._scheduler = client, client.scheduler.address
        self._workers, self._needs_all = workers, needs_all
        self._seen: dict[str, tuple[float, float]] = {}

    def wait(self, futures: Sequence[Any]) -> None:
        """Wait for tasks, and look at times."""
        while True:
            with contextlib.suppress(TimeoutError):
                wait(list(futures), timeout=_POLL_SECONDS)
                return
            self.look()

    def answers(self, calls: Sequence[Any]) -> list[Any]:
        """Wait for the results of calls of actors, and look at times."""
        for call in calls:
            while not _is_done(call):
                self.look()
        return [call.result() for call in calls]

    def look(self) -> None:
        """Ask the scheduler about the workers.

        Raises
        ------
        WorkerLost
            If a worker is silent, if none is left, or if the scheduler is gone or does not answer.
        ConnectionError
            If a worker has left, and all are needed.
        """
        check_scheduler(self._client, self._scheduler)
        times = self._ask()
        if not times:
            raise WorkerLost(
                f"lost: {', '.join(self._workers)}; the scheduler has no other workers: start some "
                "with dask worker"
            )
        for address, last in times.items():
            self._check(address, last)
        if self._needs_all and (gone := sorted(set(self._workers) - times.keys())):
            raise ConnectionError(f"{', '.join(gone)} left")

    def _ask(self) -> dict[str, float]:
        try:
            return last_seen(self._client)
        except (TimeoutError, OSError) as error:
            raise WorkerLost(f"the scheduler {self._scheduler} does not answer") from error

    def _check(self, address: str, last: float) -> None:
        told, since = self._seen.get(address, (math.nan, 0.0))
        self._seen[address] = (last, time.monotonic() if last != told else since)
        silent = time.monotonic() - self._seen[address][1]
        if silent > _SILENT_SECONDS:
            raise WorkerLost(f"the worker {address} has been silent for {silent:.0f} s")


def _is_done(call: Any) -> bool:
    """Whether a call of an actor has ended; waits for a while."""
    with contextlib.suppress(Exception):  # of the call: its result raises it
        call.result(timeout=_POLL_SECONDS)
    return bool(call.done())


def check_scheduler(client: Any, address: str, error: BaseException | None = None) -> None:
    """Raise `WorkerLost` if the client has lost the scheduler at an address."""
    if client.status != "running":
        raise WorkerLost(
            f"the scheduler {address} is gone: start it and its workers again, then prepare again"
        ) from error


def last_seen(client: Any) -> dict[str, float]:
    """When the scheduler last heard of each worker, by its clock, by the worker's address.

    Raises
    ------
    TimeoutError
        If the scheduler does not answer: where a link is down, a request would wait for minutes.
    """
    found = client.sync(client.scheduler.identity, n_workers=-1, callback_timeout=_ANSWER_SECONDS)
    return {address: worker["last_seen"] for address, worker in found["workers"].items()}
