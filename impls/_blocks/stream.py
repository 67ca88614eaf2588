"""X on disk, read in blocks, in order, ahead of the arithmetic; each block by any local kernel."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial
from itertools import count, repeat
from typing import Any

import numpy as np

from impls._blocks.ahead import make_buffers, read_ahead
from impls._blocks.labels import Labels, labels_of, range_of
from impls._blocks.readers import Compute, Readers
from impls._blocks.rows import ArrayRows, FileRows, Rows, check_rows, rows_of
from impls._blocks.shares import numba_leaves_one
from impls._blocks.sums import Block, Sums, Work, add
from impls._machine import chunk_bytes

Array = np.ndarray[Any, Any]

_LABELS = 2**20  # labels that are checked at a time
# Chunks of a block of a file. To hand a block over to a thread costs 40 us, and a block of 32 MiB
# takes 2 ms.
_BLOCK_CHUNKS = 8


@dataclass(frozen=True)
class Stream:
    """Rows on disk, or anywhere, that pass by once for each gradient.

    Attributes
    ----------
    kernel : Implementation
        Of the table; computes on each block.
    n_rows, chunk_rows : int
        Of a block, and of what stays in cache between being read and computed on.
    """

    kernel: Any
    rows: Rows
    labels: Rows
    n_rows: int
    chunk_rows: int
    _checked: set[int] = field(default_factory=set, repr=False, compare=False)

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of X."""
        return self.rows.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of X."""
        return self.rows.dtype

    def __len__(self) -> int:
        """Number of samples."""
        return self.shape[0]

    def compute(self, work: Work, sample_weight: Array | None = None) -> Sums:
        """The problem's sums or means over all rows."""
        compute = partial(self._compute_on, work, sample_weight)
        return work.finish(add(self._parts(compute)), len(self))

    def count_batches(self, batch_size: int) -> int:
        """Number of the batches of an epoch."""
        last = len(self) % self.n_rows
        return len(self) // self.n_rows * -(-self.n_rows // batch_size) + -(-last // batch_size)

    def draw_batches(
        self, generator: np.random.Generator, batch_size: int
    ) -> Iterator[tuple[Any, Any]]:
        """Batches of one epoch: blocks in random order, and the samples of each in random order."""
        starts = range(0, len(self), self.n_rows)
        order = generator.permutation(len(starts)).tolist()
        for start in (starts[k] for k in order):
            stop = min(start + self.n_rows, len(self))
            X, y = self.rows.read(start, stop), self.labels.read(start, stop)
            samples = generator.permutation(len(y))
            for first in range(0, len(y), batch_size):
                chosen = samples[first : first + batch_size]
                yield self.of(X[chosen], y[chosen]), y[chosen]

    def of(self, X: Array, y: Array) -> Stream:
        """Rows in memory, computed on in the same way."""
        return Stream(self.kernel, ArrayRows(X), ArrayRows(y), self.n_rows, self.chunk_rows)

    @property
    def _is_in_memory(self) -> bool:
        return isinstance(self.rows, ArrayRows) and isinstance(self.labels, ArrayRows)

    def _parts(self, compute: Compute) -> Iterator[Sums]:
        """Sums over each block, in order."""
        if isinstance(self.rows, FileRows):
            yield from Readers(self.rows, self.labels, self.n_rows, self.chunk_rows).sums(compute)
            return
        with contextlib.nullcontext() if self._is_in_memory else numba_leaves_one():
            yield from (compute(*block) for block in self._read())

    def _compute_on(
        self, work: Work, sample_weight: Array | None, start: int, X: Array, y: Array
    ) -> Sums:
        """Sums over some rows, from `start` on."""
        own = slice(start, start + len(y))
        block = Block(*self._prepare(start, X, y), start)
        return work.on(block, None if sample_weight is None else sample_weight[own])

    def _prepare(self, start: int, X: Array, y: Array) -> tuple[Any, Any]:
        """Rows as the kernel needs them; what they hold is checked once."""
        known = start in self._checked
        if known and self.kernel.is_prepared(X, y):
            return X, y
        ready = (self.kernel.prepare_batch if known else self.kernel.prepare)(X, y)
        self._checked.add(start)
        return ready[0], ready[1]

    def _read(self) -> Iterator[tuple[int, Array, Array]]:
        """First row, X and y of each block."""
        starts = range(0, len(self), self.n_rows)
        if self._is_in_memory:
            yield from map(self._read_block, ((start, None) for start in starts))
        elif hasattr(self.rows, "iterate"):
            yield from self._iterate(self.rows.iterate(self.n_rows))
        else:
            row_bytes = self.rows.dtype.itemsize * self.shape[1]
            buffers = make_buffers(min(self.n_rows, len(self)) * row_bytes)
            tasks = ((start, buffers[k % len(buffers)]) for k, start in zip(count(), starts))
            yield from read_ahead(self._read_block, tasks)

    def _iterate(self, blocks: Iterator[tuple[int, Array]]) -> Iterator[tuple[int, Array, Array]]:
        """Blocks of a file that has to be read from its beginning."""
        for found in read_ahead(lambda _: next(blocks, None), repeat(None)):
            if found is None:
                return
            start, X = found
            yield start, X, self.labels.read(start, start + len(X))

    def _read_block(self, task: tuple[int, Array | None]) -> tuple[int, Array, Array]:
        start, buffer = task
        stop = min(start + self.n_rows, len(self))
        return start, self.rows.read(start, stop, buffer), self.labels.read(start, stop)


def prepare(X: Any, y: Any, kernel: Any) -> tuple[Stream, Labels]:
    """Rows of X and y, checked for what can be told without reading X.

    Raises
    ------
    TypeError, ValueError
        Names the argument, what was given and what was expected.
    """
    rows, labels = rows_of("X", X), rows_of("y", y)
    check_rows(rows, labels)
    chunk_rows = _count_rows(rows)
    n_rows = chunk_rows * (_BLOCK_CHUNKS if isinstance(rows, FileRows) else 1)
    stream = Stream(kernel, rows, labels, n_rows, chunk_rows)
    return stream, _check_labels(kernel.problem, labels)


def _count_rows(rows: Rows) -> int:
    """Rows that stay in cache."""
    row_bytes = rows.dtype.itemsize * rows.shape[1]
    unit = 1 if hasattr(rows, "iterate") else rows.unit
    return unit * max(1, chunk_bytes() // row_bytes // unit)


def _check_labels(problem: str, labels: Rows) -> Labels:
    n_samples = labels.shape[0]
    ranges = [
        range_of(problem, labels.read(start, min(start + _LABELS, n_samples)), start)
        for start in range(0, n_samples, _LABELS)
    ]
    return labels_of(n_samples, ranges)
