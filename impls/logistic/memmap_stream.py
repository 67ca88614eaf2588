"""X on disk, in blocks that are read ahead of the arithmetic; each block by a kernel of the table.

X is an array, ``numpy.load(path, mmap_mode="r")``, a Zarr array, or what `impls.open_rows` returns,
in its own type. Passes over X: 1, from disk or the system's cache of it. Temporaries: an eighth of
the last-level cache for each thread of a ``.npy`` (three of them for other files, of a chunk if
that is larger), what the kernel allocates, and sums of d values.
Order of additions: the kernel's within such a part, part by part, and block by block.
Source: `fused`, or the kernel behind a colon, as in ``memmap_stream:chunked``; sequential reading
by threads of its own.
"""

from impls._blocks.calls import evaluate, gradient, loss_gradient, make_hessian
from impls._blocks.stream import prepare

KERNEL = "fused"
MIN_ELEMENTS = 20_000_000
REQUIRES = "numba"

__all__ = ["evaluate", "gradient", "loss_gradient", "make_hessian", "prepare"]
