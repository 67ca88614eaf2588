"""Blocks of rows that stay in cache between their two uses."""

from impls._machine import chunk_bytes
from impls.logistic._sigmoid import sigmoid


def rows_per_chunk(X):
    """Rows of X whose bytes fill a chunk, at least 1."""
    return max(1, chunk_bytes() // (X.shape[1] * X.itemsize))


def add_chunks(weights, X, y, total):
    """Add each chunk's gradient, in the matrix form, to `total`, and return it."""
    n_rows = rows_per_chunk(X)
    for start in range(0, X.shape[0], n_rows):
        rows = X[start : start + n_rows]
        total += (sigmoid(rows @ weights) - y[start : start + n_rows]) @ rows
    return total
