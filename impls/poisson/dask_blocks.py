"""Blocks of rows that Dask holds, in this process's threads or on a cluster; each by a kernel.

X and y are Dask arrays, or what `memmap_stream` takes. With an active ``distributed.Client``, or
the scheduler that DASK_SCHEDULER_ADDRESS names, its workers hold the blocks; else Dask's threads.
Passes over X: the kernel's, 1 by default. Temporaries: the kernel's, and sums of d values per
worker, which alone travel. Order of additions: the kernel's within a block, block by block within a
worker, then worker by worker.
Source: `auto`, or the kernel behind a colon, as in ``dask_blocks:matrix``; map and reduce.
"""

from impls._blocks.calls import evaluate, gradient, loss_gradient, make_hessian
from impls._blocks.spread import prepare

KERNEL = "auto"
MIN_ELEMENTS = 20_000_000
PREPARED_COPIES = 1
REQUIRES = "dask distributed"

__all__ = ["evaluate", "gradient", "loss_gradient", "make_hessian", "prepare"]
