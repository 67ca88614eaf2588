"""Arrays between two unreadable pages, so that a read or a write outside an array crashes."""

import ctypes
import mmap

import numpy as np
import pytest

_NONE, _READ = 0, 1  # PROT_NONE, PROT_READ


def guarded(array, at_end, read_only=False):
    """A copy in the same memory order that begins, or ends, at the edge of the accessible pages.

    If it is read-only, a write to it crashes too, although NumPy and numba take it for writable.
    """
    libc = ctypes.CDLL(None) if hasattr(mmap, "PROT_READ") else None
    if not hasattr(libc, "mprotect"):
        pytest.skip("no mprotect on this system")
    page = mmap.PAGESIZE
    size = -(-array.nbytes // page) * page
    memory = mmap.mmap(-1, size + 2 * page)
    begin = ctypes.addressof(ctypes.c_char.from_buffer(memory))

    def protect(at, n_bytes, access):
        assert libc.mprotect(ctypes.c_void_p(at), ctypes.c_size_t(n_bytes), access) == 0

    for edge in (begin, begin + page + size):
        protect(edge, page, _NONE)
    start = page + (size - array.nbytes) * at_end
    order = "C" if array.flags.c_contiguous else "F"
    copy = np.frombuffer(memory, array.dtype, array.size, start).reshape(array.shape, order=order)
    copy[...] = array
    if read_only:
        protect(begin + page, size, _READ)
    return copy
