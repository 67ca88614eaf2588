"""X on disk, read in blocks, in order, ahead of the arithmetic; each block by any local kernel."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import count, repeat
from math import gcd
from typing import Any

import numpy as np

from impls._blocks.ahead import make_buffers, read_ahead
from impls._blocks.labels import Labels, labels_of, range_of
from impls._blocks.mapped import MappedFile, can_map, open_mapped
from impls._blocks.rows import ArrayRows, Rows, check_rows, rows_of
from impls._blocks.shares import numba_leaves_one
from impls._blocks.sums import Block, Sums, Work, add
from impls._machine import chunk_bytes

Array = np.ndarray[Any, Any]

_LABELS = 2**20  # labels that are checked at a time
_CACHE_LINE = 64  # bytes; `fused` copies what does not begin with one
# What is mapped is not copied, and blocks need not stay in cache: on a Zen 5 with an LLC of 32 MiB,
# `fused` computes on a warm file of 800 MB at 12 GB/s in blocks of 4 MiB, of one chunk, at 32 in
# those of 16 MiB and at 37 in those of 32 MiB. Three of them are in memory.
_MAPPED_CHUNKS, _MAPPED_BYTES = 8, 2**25


@dataclass(frozen=True)
class Stream:
    """Rows on disk, or anywhere, that pass by once for each gradient.

    Attributes
    ----------
    kernel : Implementation
        Of the table; computes on each block.
    n_rows : int
        Of a block.
    """

    kernel: Any
    rows: Rows
    labels: Rows
    n_rows: int
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
        is_copied = not (self._is_in_memory or can_map(self.rows))
        with numba_leaves_one() if is_copied else contextlib.nullcontext():
            total = add(self._parts(work, sample_weight))
        return work.finish(total, len(self))

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
        return Stream(self.kernel, ArrayRows(X), ArrayRows(y), self.n_rows)

    @property
    def _is_in_memory(self) -> bool:
        return isinstance(self.rows, ArrayRows) and isinstance(self.labels, ArrayRows)

    def _parts(self, work: Work, sample_weight: Array | None) -> Iterator[Sums]:
        for block in self._blocks():
            own = slice(block.start, block.start + block.n_samples)
            yield work.on(block, None if sample_weight is None else sample_weight[own])

    def _blocks(self) -> Iterator[Block]:
        for start, X, y in self._read():
            # Whether values fit a narrower type is checked once, see `Implementation.prepare`.
            known = start in self._checked
            prepare = self.kernel.prepare_batch if known else self.kernel.prepare
            X_ready, y_ready = prepare(X, y)
            yield Block(X_ready, y_ready, start)
            self._checked.add(start)

    def _read(self) -> Iterator[tuple[int, Array, Array]]:
        """First row, X and y of each block."""
        starts = range(0, len(self), self.n_rows)
        if self._is_in_memory:
            yield from map(self._read_block, ((start, None) for start in starts))
        elif hasattr(self.rows, "iterate"):
            yield from self._iterate(self.rows.iterate(self.n_rows))
        elif file := open_mapped(self.rows):
            yield from self._map(file, starts)
        else:
            row_bytes = self.rows.dtype.itemsize * self.shape[1]
            buffers = make_buffers(min(self.n_rows, len(self)) * row_bytes)
            tasks = ((start, buffers[k % len(buffers)]) for k, start in zip(count(), starts))
            yield from read_ahead(self._read_block, tasks)

    def _map(self, file: MappedFile, starts: Iterable[int]) -> Iterator[tuple[int, Array, Array]]:
        """Blocks of a file that are mapped, not copied."""

        def load(start: int) -> tuple[int, Array, Array]:
            stop = min(start + self.n_rows, len(self))
            return start, file.load(start, stop), self.labels.read(start, stop)

        for start, X, y in read_ahead(load, starts):
            yield start, X, y
            file.release(start, start + len(X))

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
    n_rows = _count_rows(rows)
    return Stream(kernel, rows, labels, n_rows), _check_labels(kernel.problem, labels)


def _count_rows(rows: Rows) -> int:
    """Rows of a block, whose beginnings are those of cache lines where it is mapped."""
    row_bytes = rows.dtype.itemsize * rows.shape[1]
    if can_map(rows):
        n_bytes = min(_MAPPED_BYTES, _MAPPED_CHUNKS * chunk_bytes())
        unit = _CACHE_LINE // gcd(_CACHE_LINE, row_bytes)
    else:  # what is copied stays in cache until it is computed on
        n_bytes, unit = chunk_bytes(), 1 if hasattr(rows, "iterate") else rows.unit
    return unit * max(1, n_bytes // row_bytes // unit)


def _check_labels(problem: str, labels: Rows) -> Labels:
    n_samples = labels.shape[0]
    ranges = [
        range_of(problem, labels.read(start, min(start + _LABELS, n_samples)), start)
        for start in range(0, n_samples, _LABELS)
    ]
    return labels_of(n_samples, ranges)
