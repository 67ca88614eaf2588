"""Blocks of rows that stay in cache between their two uses."""

from impls._machine import chunk_bytes


def rows_per_chunk(n_features, n_classes, itemsize):
    """Rows whose features and logits fill a chunk, at least 1."""
    return max(1, chunk_bytes() // ((n_features + n_classes) * itemsize))
