"""A model of a call on many workers, from what one and two of them take.

::

    seconds = block bytes / bandwidth + fixed + asked * each + depth * (latency + FAN_IN * each)

``bandwidth`` is that of the kernel inside a worker, all workers at once; ``latency`` that of a call
of a worker that does nothing. This process asks ``asked`` workers itself, at most `FAN_IN`; below
them lies a tree of ``depth`` levels. ``fixed`` and ``each`` come from calls on an X of a few rows.
"""

from __future__ import annotations

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
        level = self.latency_seconds + FAN_IN * self.seconds_per_worker
        asked = min(n_workers, FAN_IN) * self.seconds_per_worker
        return self.fixed_seconds + asked + depth(n_workers) * level


def depth(n_workers: int) -> int:
    """Levels of the tree below the `FAN_IN` workers whose sums this process adds itself."""
    levels, n_reached = 0, FAN_IN
    while n_reached < n_workers:
        levels += 1
        n_reached += FAN_IN ** (levels + 1)
    return levels


def fit(bandwidths: dict[int, float], latency_seconds: float, overheads: dict[int, float]) -> Model:
    """The model that agrees with the overheads of the fewest and of the most workers."""
    few, many = min(overheads), max(overheads)
    slope = (overheads[many] - overheads[few]) / (many - few) if many > few else 0.0
    slope = min(max(0.0, slope), overheads[few] / few)  # noise makes one of both negative
    return Model(bandwidths, latency_seconds, overheads[few] - few * slope, slope)
