"""Arrays between two unreadable pages, so that a read outside an array crashes."""

import ctypes
import mmap

import numpy as np
import pytest


def guarded(array, at_end):
    """A copy that begins, or ends, at the edge of the readable pages."""
    libc = ctypes.CDLL(None) if hasattr(mmap, "PROT_READ") else None
    if not hasattr(libc, "mprotect"):
        pytest.skip("no mprotect on this system")
    page = mmap.PAGESIZE
    size = -(-array.nbytes // page) * page
    memory = mmap.mmap(-1, size + 2 * page)
    begin = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    for edge in (begin, begin + page + size):
        assert libc.mprotect(ctypes.c_void_p(edge), ctypes.c_size_t(page), 0) == 0
    start = page + (size - array.nbytes) * at_end
    copy = np.frombuffer(memory, array.dtype, array.size, start).reshape(array.shape)
    copy[...] = array
    return copy
