"""Memory that contenders have let go of, kept warm for those of the next problem.

The host of a virtual machine takes back what is free for some seconds (free page reporting). To get
it again takes 2.3 s for each GB, 35 times as long as to clear it: contenders that copy 160 MB each
wait for that longer than for anything else.
"""

from __future__ import annotations

import mmap
from contextlib import suppress
from pathlib import Path

from impls import _machine
from impls._pages import map_pages

_BLOCK_BYTES = 2**26
_PROCESSORS = Path("/proc/cpuinfo")
_POPULATE_WRITE = 23  # of madvise, from Linux 5.14 on; Python has no name for it


class Reserve:
    """Blocks of memory that nobody uses; they are given back when it is closed.

    Parameters
    ----------
    most_bytes : int
        Kept at most; by default, nothing is kept.
    """

    def __init__(self, most_bytes: int = 0) -> None:
        self._most_blocks = most_bytes // _BLOCK_BYTES
        self._blocks: list[mmap.mmap] = []

    @property
    def n_bytes(self) -> int:
        """What is kept."""
        return len(self._blocks) * _BLOCK_BYTES

    def keep(self, n_bytes: int) -> None:
        """Take so many bytes, which have just been freed, or as many as may be kept."""
        n_blocks = min(n_bytes // _BLOCK_BYTES, self._most_blocks - len(self._blocks))
        with suppress(OSError):  # without them, the next contenders wait
            for _ in range(n_blocks):
                self._blocks.append(_take())

    def give(self, n_bytes: int) -> None:
        """Free so many bytes for those who are about to take them, or all that are kept."""
        n_blocks = n_bytes // _BLOCK_BYTES
        for block in self._blocks[:n_blocks]:
            block.close()
        del self._blocks[:n_blocks]

    def close(self) -> None:
        """Free all."""
        self.give(self.n_bytes)


def _take() -> mmap.mmap:
    block = map_pages(_BLOCK_BYTES)
    block.madvise(_POPULATE_WRITE)
    return block


def bytes_to_keep() -> int:
    """Half of the available memory on a virtual machine with Linux, else none."""
    with suppress(OSError):
        if "hypervisor" in _PROCESSORS.read_text().split():
            return _machine.available_memory() // 2
    return 0
