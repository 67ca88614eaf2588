"""What is fastest on which processor: numbers that the engine is compiled with.

Measured on four processors: a Xeon of 2019 (Cascade Lake, AVX-512), and EPYCs of 2021 (Zen 3,
AVX2), 2022 (Zen 4, AVX-512) and 2024 (Zen 5, AVX-512; `threads_pay_from` alone). The processor that
numba compiles for decides.

To check a ratio in a comment, race before and after a change of the number, at a size that the
comment names::

    python -m scripts.race --contender fused fused_float32 --size 1000000 100 --rounds 9

To find `threads_pay_from`, race with GRADMARK_THREADS_PAY_FROM=0 and with a large number, at sizes
from 32 to 512 KB.
"""

import functools
from dataclasses import dataclass, replace

from numba.core.registry import cpu_target


@dataclass(frozen=True)
class Tuning:
    """Numbers of one family of processors.

    Attributes
    ----------
    memory_vector_bytes : int
        Size of the vectors for rows that come from memory.
    llc_needs_no_prefetch : bool
        Whether rows in the last-level cache arrive in time without a prefetch.
    step_rows : int
        Rows of a step from memory, 4 or 8.
    narrow_parts : int
        Distant parts of X from which the steps of narrow rows are taken in turn. If there are
        several, the rows of another step from memory come from as many parts as it has rows,
        instead of lying next to each other.
    narrow_prefetch_bytes, prefetch_bytes : int
        How far ahead steps of narrow rows and other steps from memory prefetch; the latter at least
        two steps.
    threads_pay_from : int
        Bytes of X, as computed, from which two threads beat one; GRADMARK_THREADS_PAY_FROM sets
        another number.
    """

    memory_vector_bytes: int
    llc_needs_no_prefetch: bool
    step_rows: int
    narrow_parts: int
    narrow_prefetch_bytes: int
    prefetch_bytes: int
    threads_pay_from: int = 2**17

    @property
    def spreads(self):
        return self.narrow_parts > 1


_XEON = Tuning(32, False, 4, 1, 2560, 2560)
_ZEN4 = Tuning(64, True, 8, 1, 8192, 8192)
_ZEN3 = Tuning(32, True, 4, 3, 1536, 1024)
_ZEN5 = replace(_ZEN4, llc_needs_no_prefetch=False, threads_pay_from=3 * 2**16)


@functools.cache
def tuning():
    """The numbers of the processor that numba compiles for."""
    processor = target()[1]
    if processor in ("znver1", "znver2", "znver3"):
        return _ZEN3
    if processor == "znver4":
        return _ZEN4
    return _ZEN5 if processor.startswith("znver") else _XEON


@functools.cache  # a look-up takes 35 us, as long as a whole gradient may
def target():
    """Triple, processor and features that numba compiles for; NUMBA_CPU_NAME can change them."""
    return cpu_target.target_context.codegen().magic_tuple()
