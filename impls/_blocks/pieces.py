"""Pieces of X and y that Dask holds: cut by rows, each prepared where it lies.

A piece's functions run in Dask's threads or in its workers; they are pickled by name.
"""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from impls._blocks.labels import range_of
from impls._blocks.rows import Rows, check_rows, rows_of
from impls._blocks.sums import Block, Sums, Work, add
from impls._errors import Unfit

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Piece:
    """Rows from `start` up to `stop`.

    Attributes
    ----------
    X, y : Rows or Delayed
        All rows of which these are some, or Dask's chunk of exactly these.
    is_chunk : bool
        Which of the two; a Delayed has every attribute.
    """

    X: Any
    y: Any
    start: int
    stop: int
    is_chunk: bool = False


@dataclass(frozen=True)
class Pieces:
    """All pieces, in the order of the rows, and the shape and type of X."""

    pieces: tuple[Piece, ...]
    shape: tuple[int, int]
    dtype: np.dtype[Any]

    @property
    def sizes(self) -> tuple[int, ...]:
        """Rows of each piece."""
        return tuple(piece.stop - piece.start for piece in self.pieces)

    def __iter__(self) -> Iterator[Piece]:
        """The pieces."""
        return iter(self.pieces)


@dataclass(frozen=True)
class Held:
    """A prepared block, the kernel that computes on it, and the range of its labels."""

    kernel: Any
    block: Block
    least: float
    most: float


def cut(X: Any, y: Any, n_pieces: Callable[[int], int]) -> Pieces:
    """Pieces of arrays, of rows in a file, or of Dask arrays as they are chunked.

    Parameters
    ----------
    n_pieces : callable
        Number of pieces for an X of so many bytes that has no chunks.

    Raises
    ------
    TypeError, ValueError
        Names the argument, what was given and what was expected.
    """
    if _is_dask(X) or _is_dask(y):
        return _cut_chunks(X, y)
    rows, labels = rows_of("X", X), rows_of("y", y)
    check_rows(rows, labels)
    n_samples, n_features = rows.shape
    n = min(n_samples, n_pieces(n_samples * n_features * rows.dtype.itemsize))
    starts = {rows.unit * round(k * n_samples / n / rows.unit) for k in range(n)}
    bounds = sorted({min(start, n_samples) for start in starts} | {n_samples})
    pairs = itertools.pairwise(bounds)
    pieces = tuple(Piece(rows, labels, start, stop) for start, stop in pairs)
    return Pieces(pieces, (n_samples, n_features), rows.dtype)


def hold(kernel: Any, X: Any, y: Any, start: int, dtype: np.dtype[Any]) -> Held:
    """Prepare a block, and check it.

    Raises
    ------
    TypeError, ValueError
        Names the block's first row, what it holds and what was expected.
    """
    X, y, stop = np.asarray(X), np.asarray(y), start + len(X)
    where = f"rows {start:,} to {stop:,} of X"
    if X.dtype != dtype:
        raise TypeError(f"{where} have type {X.dtype}, expected {dtype}: all blocks have one type")
    if X.ndim != 2 or len(y) != len(X):
        raise ValueError(f"{where} have shape {X.shape}, their y {y.shape}, expected equal lengths")
    least, most = range_of(kernel.problem, y, start)
    X, y = kernel.prepare(X, y)
    return Held(kernel, Block(X, y, start), least, most)


def read_and_hold(
    kernel: Any, rows: Rows, labels: Rows, start: int, stop: int, dtype: np.dtype[Any]
) -> Held:
    """Read a block of a file, and prepare it.

    Raises
    ------
    OSError
        If the file is not here; says where.
    """
    try:
        X, y = rows.read(start, stop), labels.read(start, stop)
    except FileNotFoundError as error:
        raise FileNotFoundError(
            f"{error}; every worker reads its own rows: put the file where all of them see it"
        ) from None
    return hold(kernel, X, y, start, dtype)


def sum_blocks(work: Work, held: Sequence[Held], sample_weights: Sequence[Any]) -> Sums:
    """Sums over some blocks, one after the other, each by the kernel that it is held with."""
    work = replace(work, kernel=held[0].kernel)
    pairs = zip(held, sample_weights, strict=True)
    return add(work.on(each.block, sample_weight) for each, sample_weight in pairs)


def sum_samples(work: Work, held: Held, samples: Array) -> Sums:
    """Sums over some rows of a block, which are prepared again: a batch.

    Raises
    ------
    Unfit
        If the kernel has prepared the block as what has no rows.
    """
    X, y = held.block.X, held.block.y
    if not (isinstance(X, np.ndarray) and isinstance(y, np.ndarray)):
        raise Unfit(
            f"{held.kernel.name} keeps X as {type(X).__name__}, of which no batches are drawn: "
            "take the solver gd, or another kernel, as in dask_blocks:fused"
        )
    X, y = held.kernel.prepare_batch(X[samples], y[samples])
    work = replace(work, kernel=held.kernel)
    return work.on(Block(X, y, held.block.start, samples))


def _is_dask(values: Any) -> bool:
    array = sys.modules.get("dask.array")
    return array is not None and isinstance(values, array.Array)


def _cut_chunks(X: Any, y: Any) -> Pieces:
    import dask.array

    if not (_is_dask(X) and _is_dask(y)):
        kinds = type(X).__name__, type(y).__name__
        raise TypeError(
            f"X and y are {' and '.join(kinds)}, expected Dask arrays both, or none: "
            "dask.array.from_array(y)"
        )
    if X.ndim != 2 or y.ndim != 1:
        raise ValueError(
            f"X and y have shapes {X.shape} and {y.shape}, expected (n_samples, n_features) and "
            "(n_samples,)"
        )
    for array in (X, y):
        if any(np.isnan(n) for sizes in array.chunks for n in sizes):
            array.compute_chunk_sizes()
    check_rows(X, y)
    X = X.rechunk({0: "auto" if 0 in X.chunks[0] else X.chunks[0], 1: -1})
    y = dask.array.rechunk(y, {0: X.chunks[0]})
    bounds = np.concatenate([[0], np.cumsum(X.chunks[0])]).tolist()
    chunks = zip(X.to_delayed().ravel(), y.to_delayed().ravel(), bounds, bounds[1:], strict=False)
    return Pieces(tuple(Piece(*chunk, is_chunk=True) for chunk in chunks), X.shape, X.dtype)
