"""X on disk, read in blocks, in order, ahead of the arithmetic; each block by any local kernel."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count, repeat
from typing import Any

import numpy as np

from impls._blocks.ahead import make_buffers, read_ahead
from impls._blocks.labels import Labels, labels_of, range_of
from impls._blocks.rows import ArrayRows, Rows, check_rows, rows_of
from impls._blocks.shares import numba_leaves_one
from impls._blocks.sums import Block, Sums, Work, add
from impls._machine import chunk_bytes

Array = np.ndarray[Any, Any]

_LABELS = 2**20  # labels that are checked at a time


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
        with contextlib.nullcontext() if self._is_in_memory else numba_leaves_one():
            total = add(self._parts(work, sample_weight))
        return work.finish(total, len(self))

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
    # Blocks that stay in cache between being read and being computed on. On a Zen 5 with an LLC of
    # 32 MiB, a warm file passes at 1.00 of the rate of a plain read in blocks of 4 MiB, at 0.80 in
    # those of 2 MiB and 0.34 in those of 32 MiB (python -m scripts.scale disk, with others here).
    n_rows = max(1, chunk_bytes() // max(1, rows.dtype.itemsize * rows.shape[1]))
    if not hasattr(rows, "iterate"):
        n_rows = rows.unit * max(1, n_rows // rows.unit)
    return Stream(kernel, rows, labels, n_rows), _check_labels(kernel.problem, labels)


def _check_labels(problem: str, labels: Rows) -> Labels:
    n_samples = labels.shape[0]
    ranges = [
        range_of(problem, labels.read(start, min(start + _LABELS, n_samples)), start)
        for start in range(0, n_samples, _LABELS)
    ]
    return labels_of(n_samples, ranges)
