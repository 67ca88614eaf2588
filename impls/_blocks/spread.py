"""X in blocks that Dask holds over many calls; each call sends the weights to the blocks."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any, Protocol

import dask  # noqa: F401  an implementation that needs it is unavailable from the start
import numpy as np

from impls._blocks.labels import Labels, labels_of
from impls._blocks.pieces import Pieces, cut
from impls._blocks.sums import Sums, Work
from impls._errors import Unavailable

Array = np.ndarray[Any, Any]
ADDRESS_VARIABLE = "DASK_SCHEDULER_ADDRESS"
_CONNECT_SECONDS = 10.0


class Holder(Protocol):
    """Whatever holds the blocks: Dask's threads, or a cluster."""

    ranges: list[tuple[float, float]]

    def compute(self, work: Work, sample_weight: Array | None) -> Sums:
        """Sums over all samples."""
        ...

    def compute_samples(self, work: Work, number: int, samples: Array) -> Sums:
        """Sums over some rows of a block, by its number."""
        ...


@dataclass(frozen=True)
class Spread:
    """X, held in blocks.

    Attributes
    ----------
    kernel : Implementation
        Of the table; computes on each block.
    sizes : tuple of int
        Rows of each block.
    """

    kernel: Any
    shape: tuple[int, int]
    dtype: np.dtype[Any]
    holder: Holder
    sizes: tuple[int, ...]

    def __len__(self) -> int:
        """Number of samples."""
        return self.shape[0]

    def compute(self, work: Work, sample_weight: Array | None = None) -> Sums:
        """The problem's sums or means over all rows."""
        return work.finish(self.holder.compute(work, sample_weight), len(self))

    def count_batches(self, batch_size: int) -> int:
        """Number of the batches of an epoch."""
        return sum(-(-size // batch_size) for size in self.sizes)

    def draw_batches(
        self, generator: np.random.Generator, batch_size: int
    ) -> Iterator[tuple[Batch, None]]:
        """Batches of one epoch: blocks in random order, and the samples of each in random order."""
        for number in generator.permutation(len(self.sizes)).tolist():
            samples = generator.permutation(self.sizes[number])
            for first in range(0, len(samples), batch_size):
                yield (
                    Batch(self.kernel, self.holder, number, samples[first : first + batch_size]),
                    None,
                )


@dataclass(frozen=True)
class Batch:
    """Some rows of a block, which stay with it, as do their labels.

    Attributes
    ----------
    number : int
        Of the block.
    samples : ndarray
        Numbers of the rows within it.
    """

    kernel: Any
    holder: Holder
    number: int
    samples: Array

    def compute(self, work: Work) -> Sums:
        """The problem's sums or means over these rows."""
        sums = self.holder.compute_samples(work, self.number, self.samples)
        return work.finish(sums, len(self.samples))


def prepare(X: Any, y: Any, kernel: Any) -> tuple[Spread, Labels]:
    """Blocks of X and y, held by Dask's threads or by the workers of a cluster.

    X and y are Dask arrays, which keep their chunks of rows; or arrays, a mapped file, a Zarr array
    or what `impls.open_rows` returns, cut into a block per thread or some per worker.

    Raises
    ------
    Unavailable
        If Dask is not installed, or no scheduler answers.
    TypeError, ValueError
        Names the argument or the block, what was given and what was expected.
    """
    client = _current_client()
    holder: Any
    if client is None:
        from impls._blocks.threads import Threads

        pieces = cut(X, y, Threads.count_pieces)
        holder = Threads(kernel, pieces)
    else:
        from impls._blocks.cluster import Cluster

        pieces = cut(X, y, lambda n_bytes: Cluster.count_pieces(client, n_bytes))
        holder = Cluster(client, kernel, pieces)
    return _spread(kernel, pieces, holder)


def _spread(kernel: Any, pieces: Pieces, holder: Holder) -> tuple[Spread, Labels]:
    labels = labels_of(pieces.shape[0], holder.ranges)
    return Spread(kernel, pieces.shape, pieces.dtype, holder, pieces.sizes), labels


def _current_client() -> Any:
    """The client that is active, one of the scheduler that the environment names, or None."""
    address = os.environ.get(ADDRESS_VARIABLE)
    if "distributed" not in sys.modules and not address:
        return None
    _require_distributed()
    from distributed import Client

    try:
        return Client.current()
    except ValueError:  # none is active
        return _connect(address) if address else None


def _connect(address: str) -> Any:
    from distributed import Client

    try:
        return Client(address, timeout=_CONNECT_SECONDS)
    except (OSError, ValueError) as error:
        raise Unavailable(
            f"no scheduler answers at {ADDRESS_VARIABLE}={address}: start one with dask scheduler, "
            "or unset the variable"
        ) from error


def _require_distributed() -> None:
    if find_spec("distributed") is None:
        raise Unavailable("a cluster needs distributed; try: pip install distributed")
