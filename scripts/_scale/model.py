"""A model of a call on many workers, from what one and two of them take.

::

    seconds = block bytes / bandwidth + depth of the tree * latency + fixed + workers * per worker

``bandwidth`` is that of the kernel inside a worker, all workers at once; ``latency`` that of a task
that does nothing; ``fixed`` and ``per worker`` come from calls on an X of a few rows.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from impls._blocks.sums import FAN_IN


@dataclass(frozen=True)
class Model:
    """Parameters, in bytes and seconds.

    Attributes
    ----------
    bandwidths : dict[int, float]
        Bytes per second of each worker, by the number of workers that compute at once here.
    """

    bandwidths: dict[int, float]
    latency_seconds: float
    fixed_seconds: float
    seconds_per_worker: float

    def seconds(self, n_workers: int, block_bytes: float, *, one_machine: bool = True) -> float:
        """Time of a call on blocks of so many bytes, one for each worker.

        Parameters
        ----------
        one_machine : bool
            Whether workers share the memory of this machine; else each has the bandwidth of one.
        """
        bandwidth = self.bandwidths[n_workers if one_machine else min(self.bandwidths)]
        return block_bytes / bandwidth + self.overhead_seconds(n_workers)

    def overhead_seconds(self, n_workers: int) -> float:
        """Time of a call beside the arithmetic."""
        tree = depth(n_workers) * self.latency_seconds
        return tree + self.fixed_seconds + n_workers * self.seconds_per_worker


def depth(n_workers: int) -> int:
    """Levels of tasks above those of the workers: this process adds the last `FAN_IN` itself."""
    return max(0, math.ceil(round(math.log(n_workers, FAN_IN), 9)) - 1) if n_workers > 1 else 0


def fit(bandwidths: dict[int, float], latency_seconds: float, overheads: dict[int, float]) -> Model:
    """The model that agrees with the overheads of the fewest and of the most workers."""
    few, many = min(overheads), max(overheads)
    slope = (overheads[many] - overheads[few]) / (many - few) if many > few else 0.0
    slope = max(0.0, slope)  # noise may make more workers look cheaper
    return Model(bandwidths, latency_seconds, overheads[few] - few * slope, slope)
