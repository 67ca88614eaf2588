"""Blocks of rows that stay in cache between their two uses."""

import functools

from impls._machine import cache_bytes
from impls.logistic._sigmoid import sigmoid


@functools.cache
def _chunk_bytes():
    """An eighth of the last-level cache.

    It has to be shared with other cores. Chunks of second-level size lose more to waking BLAS's
    threads twice per chunk than they gain: on 2 cores with 1 MiB of second-level cache each,
    20,000 x 1,000 takes 25 ms in chunks of 512 KiB, 16 ms in chunks of 4 MiB.
    """
    return max(cache_bytes().values()) // 8


def rows_per_chunk(X):
    """Rows of X whose bytes fill a chunk, at least 1."""
    return max(1, _chunk_bytes() // (X.shape[1] * X.itemsize))


def add_chunks(weights, X, y, total):
    """Add each chunk's gradient, in the matrix form, to `total`, and return it."""
    n_rows = rows_per_chunk(X)
    for start in range(0, X.shape[0], n_rows):
        rows = X[start : start + n_rows]
        total += (sigmoid(rows @ weights) - y[start : start + n_rows]) @ rows
    return total
