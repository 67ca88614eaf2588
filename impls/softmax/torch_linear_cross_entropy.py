"""PyTorch's product with its cross-entropy in one function, which takes blocks of rows.

Passes over X: 1 (each block, chosen to fit in cache, gives its logits and its share of the
gradient). Temporaries: a table of a block's rows x K values, up to 5 vectors of n values, the
gradient. Order of additions: that of PyTorch's BLAS within a block, then block by block.
Source: PyTorch's documentation of ``linear_cross_entropy`` and ``LinearCrossEntropyOptions``.
"""

import torch

from impls._chunks import rows_per_chunk
from impls._errors import Unavailable
from impls._prepare import as_rows
from impls._torch import as_tensors, slope

PEER = "PyTorch"
REQUIRES = "torch"

if not hasattr(torch.nn, "LinearCrossEntropyOptions"):
    raise Unavailable(
        "it needs a PyTorch with torch.nn.LinearCrossEntropyOptions, as of 2.13, and there is "
        f"{torch.__version__}; try: pip install --upgrade torch"
    )


def prepare(X, y):
    return as_tensors(*as_rows(X, y))


def _loss(weights, X, y):
    n_rows = rows_per_chunk(X, len(weights))
    options = torch.nn.LinearCrossEntropyOptions(batch_chunk_size=n_rows)
    return torch.nn.functional.linear_cross_entropy(X, weights, y, options=options)


def gradient(weights, X, y):
    return slope(_loss, weights.copy(), X, y)
