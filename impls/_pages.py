"""Memory in huge pages."""

from __future__ import annotations

import mmap
from contextlib import suppress

# Shared memory, Python's default, has no huge pages in most systems' settings.
_PRIVATE = {"flags": mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS} if hasattr(mmap, "MAP_PRIVATE") else {}


def map_pages(n_bytes: int) -> mmap.mmap:
    """Memory that begins with a page, in huge pages where the system has them."""
    pages = mmap.mmap(-1, max(1, n_bytes), **_PRIVATE)
    if hasattr(mmap, "MADV_HUGEPAGE"):
        with suppress(OSError):  # of a kernel without them
            pages.madvise(mmap.MADV_HUGEPAGE)
    return pages
