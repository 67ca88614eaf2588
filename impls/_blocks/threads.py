"""Blocks in this process, on Dask's own threads: one of them for each processor, and a share each.

A kernel on a share has one thread: shares x threads = processors.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import dask
import dask.threaded
import numpy as np

from impls._blocks.pieces import Held, Piece, Pieces, hold, read_and_hold, sum_blocks, sum_samples
from impls._blocks.shares import numba_alone
from impls._blocks.sums import Sums, Work, add
from impls._machine import count_threads, one_blas_thread

Array = np.ndarray[Any, Any]


class Threads:
    """Prepared blocks, and the share of them of each thread.

    Attributes
    ----------
    ranges : list of (float, float)
        Smallest and largest label of each block.
    """

    def __init__(self, kernel: Any, pieces: Pieces) -> None:
        tasks = [_task(kernel, piece, pieces.dtype) for piece in pieces]
        # One after the other: kernels compile here.
        held: tuple[Held, ...] = dask.compute(*tasks, scheduler="synchronous")
        self.ranges = [(each.least, each.most) for each in held]
        self._held = held
        self._shares = _share(held, count_threads())

    @staticmethod
    def count_pieces(n_bytes: int) -> int:
        """A piece for each thread."""
        return count_threads()

    def compute_samples(self, work: Work, number: int, samples: Array) -> Sums:
        """Sums over some rows of a block, in this thread."""
        return sum_samples(work, self._held[number], samples)

    def compute(self, work: Work, sample_weight: Array | None) -> Sums:
        """Sums over all samples; each share is computed by one thread."""
        graph = {
            k: (partial(_sum_share, work, share, sample_weight),)
            for k, share in enumerate(self._shares)
        }
        with one_blas_thread():  # each, while they call it side by side
            return add(dask.threaded.get(graph, list(graph), num_workers=len(graph)))


def _task(kernel: Any, piece: Piece, dtype: np.dtype[Any]) -> Any:
    if piece.is_chunk:
        return dask.delayed(hold)(kernel, piece.X, piece.y, piece.start, dtype)
    read = partial(read_and_hold, kernel, piece.X, piece.y, piece.start, piece.stop, dtype)
    return dask.delayed(read, pure=False)()


def _share(held: Sequence[Held], n_shares: int) -> list[list[Held]]:
    """Blocks that follow each other, about as many rows for each thread."""
    n_samples = sum(each.block.n_samples for each in held)
    shares: list[list[Held]] = [[] for _ in range(n_shares)]
    for each in held:
        middle = each.block.start + each.block.n_samples / 2
        shares[min(n_shares - 1, int(middle * n_shares / n_samples))].append(each)
    return [share for share in shares if share]


def _sum_share(work: Work, held: list[Held], sample_weight: Array | None) -> Sums:
    with numba_alone():
        return sum_blocks(work, held, [_rows(sample_weight, each) for each in held])


def _rows(sample_weight: Array | None, held: Held) -> Array | None:
    if sample_weight is None:
        return None
    return sample_weight[held.block.start : held.block.start + held.block.n_samples]
