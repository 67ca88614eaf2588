"""Blocks of rows that stay in cache between their two uses."""

import functools

from impls._machine import cache_bytes


@functools.cache
def _chunk_bytes():
    """An eighth of the last-level cache: it is shared with other cores, and smaller chunks lose
    more to waking BLAS's threads than they gain."""
    return max(cache_bytes().values()) // 8


def rows_per_chunk(n_features, n_classes, itemsize):
    """Rows whose features and logits fill a chunk, at least 1."""
    return max(1, _chunk_bytes() // ((n_features + n_classes) * itemsize))
