"""Blocks of a file on several threads: each reads a chunk, and computes on it while it is in cache.

Chunk after chunk is read into the same buffer, of huge pages that stay in place. A mapping of the
file would save the copy, but not the 0.1 to 0.5 us that each of its pages takes to bring in and let
go of, nor the slower loads from small pages; and who shortens a mapped file ends the process.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from impls._blocks.ahead import make_pages, read_ahead
from impls._blocks.rows import FileRows, Rows
from impls._blocks.shares import count_shares
from impls._blocks.sums import Sums, add
from impls._compiled import limit_threads
from impls._machine import one_blas_thread

Array = np.ndarray[Any, Any]
Compute = Callable[[int, Array, Array], Sums]

_MOST_THREADS = 16  # they fill any memory's bandwidth; more would only add buffers


@dataclass(frozen=True)
class Readers:
    """Threads that compute on blocks of rows.

    Attributes
    ----------
    n_rows, chunk_rows : int
        Rows of a block, which one thread computes on, and of what it reads at a time.
    """

    rows: FileRows
    labels: Rows
    n_rows: int
    chunk_rows: int

    def sums(self, compute: Compute) -> Iterator[Sums]:
        """Sums over each block, in order; of what `compute` returns for a start, X and y.

        Raises
        ------
        ValueError
            If the file has become shorter, or as `compute`.
        """
        starts = range(0, self.rows.shape[0], self.n_rows)
        n_threads = min(len(starts), count_shares(), _MOST_THREADS)
        size = min(self.chunk_rows, self.rows.shape[0]) * self.rows.row_bytes
        buffers = deque(make_pages(size) for _ in range(n_threads))
        with self.rows.opened() as file, one_blas_thread():
            block_sums = partial(self._block_sums, compute, file, buffers)
            begin = partial(limit_threads, 1) if n_threads > 1 else lambda: None
            yield from read_ahead(block_sums, starts, n_threads, begin)

    def _block_sums(self, compute: Compute, file: int, buffers: deque[Array], start: int) -> Sums:
        buffer = buffers.pop()  # one for each thread
        try:
            return add(compute(*chunk) for chunk in self._chunks(file, buffer, start))
        finally:
            buffers.append(buffer)

    def _chunks(self, file: int, buffer: Array, start: int) -> Iterator[tuple[int, Array, Array]]:
        stop = min(start + self.n_rows, self.rows.shape[0])
        y = self.labels.read(start, stop)
        for first in range(start, stop, self.chunk_rows):
            end = min(first + self.chunk_rows, stop)
            X = self.rows.read_from(file, first, end, buffer)
            yield first, X, y[first - start : end - start]
