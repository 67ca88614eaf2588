"""What is fastest on which processor: numbers that the engine is compiled with.

Measured on four processors: a Xeon of 2019 (Cascade Lake, AVX-512), and EPYCs of 2021 (Zen 3,
AVX2), 2022 (Zen 4, AVX-512) and 2024 (Zen 5, AVX-512). The processor that numba compiles for
decides. Since then the engine has lost variants that made no difference beyond 5 % on the Zen 5;
the others' numbers are those of the variants that are left, and were not measured again. What they
may have lost: on the Zen 3, reading 8 rows in cache and then adding them gained 1.1 to 1.25x from
160 features on; on the Xeon, residuals of 32 short rows in cache were computed together, as those
of 8 take hardly less.

``python -m scripts.race --tune`` finds a machine's own numbers, which take the place of these. To
check a ratio in a comment, race before and after a change of the number, at a size that the
comment names::

    python -m scripts.race --contender fused fused_float32 --size 1000000 100 --rounds 9
"""

import functools
from dataclasses import dataclass, replace

from numba.core.registry import cpu_target

from impls._tuned import tuned


@dataclass(frozen=True)
class Tuning:
    """Numbers of one family of processors.

    Attributes
    ----------
    memory_vector_bytes : int
        Size of the vectors of the pipeline for rows that come from memory, 32 or 64.
    step_rows : int
        Rows of its steps, 4 or 8.
    parts : int
        Distant parts of X from which the steps of narrow rows are taken in turn. If there are
        several, each row of a step of wider rows comes from a part of its own.
    prefetch_bytes : int
        How far ahead steps prefetch: in X, and two steps at least, or along each part where rows
        come from distant ones.
    prefetches_llc : int
        Whether long rows in the last-level cache arrive too late without a prefetch, 0 or 1; short
        ones are always prefetched, see `caches`.
    resident_bytes : int
        Bytes of X up to which all rows are read and then added: from L1 and L2, a pipeline gains
        nothing.
    threads_pay_from : int
        Bytes of X, as computed, from which two threads beat one; GRADMARK_THREADS_PAY_FROM sets
        another number.
    """

    memory_vector_bytes: int
    step_rows: int
    parts: int
    prefetch_bytes: int
    prefetches_llc: int
    resident_bytes: int = 3 * 2**15
    threads_pay_from: int = 2**17


# Vectors of 64 bytes cost up to 15 % for rows from memory: unaligned ones touch each line twice,
# and the clock drops. The hardware prefetcher follows few streams, hence 4 rows at a time. In L1
# (32 KB) an X that is read and then added takes 0.7 to 0.8 of the pipeline's time, from 10 to 500
# features; up to 96 KB 0.9 to 1.03.
_XEON = Tuning(memory_vector_bytes=32, step_rows=4, parts=1, prefetch_bytes=2560, prefetches_llc=1)
# Rows side by side defeat Zen 4's hardware prefetcher. At 100 features from memory, no prefetch
# reaches 0.4 of the read roof, a prefetch into L1 0.5, into L2 two steps ahead 0.9. Long vectors do
# not lower the clock: 1.1 to 1.2x from 1,000 features on. From the last-level cache a prefetch
# costs a fifth (on a Zen 5 a tenth).
_ZEN4 = Tuning(memory_vector_bytes=64, step_rows=8, parts=1, prefetch_bytes=8192, prefetches_llc=0)
# Streams. Zen 3's hardware prefetcher follows a few long streams, and hardly any rows below 8 KB
# that lie side by side. At 100 features from memory, rows next to each other reach 0.5 of the read
# roof; 0.8 to 0.9 with any software prefetch (24 lines in flight, 13 cycles a line; the hardware
# prefetcher needs 9 to 10). Rows from 4 distant parts reach 1.1, as does a read that only sums 4
# parts. Prefetching 1 KB along instead of 512 bytes gains 1.01 to 1.05x.
# Narrow rows. Steps of 8 adjacent rows from 3 parts in turn: 16 features in float64 reach 0.9 of
# the roof on one thread with a prefetch of 1,536 bytes along; 0.8 from 4 parts, or with 512 or
# 4,096 bytes.
_ZEN3 = replace(_ZEN4, step_rows=4, parts=3, prefetch_bytes=1536)
# Two threads break even with one at 128 to 192 KB, from 16 to 1,024 features (medians of 41 turns
# in one process; 256 to 512 KB while other programs keep the cores busy).
_ZEN5 = replace(_ZEN4, threads_pay_from=3 * 2**16)


@functools.cache
def tuning():
    """The numbers that the engine is compiled with: those tuned on this machine, else defaults."""
    return replace(defaults()[1], **tuned())


def defaults():
    """Family of the processor that numba compiles for, and its numbers."""
    processor = target()[1]
    if processor in ("znver1", "znver2", "znver3"):
        return "Zen 3", _ZEN3
    if processor == "znver4":
        return "Zen 4", _ZEN4
    return ("Zen 5", _ZEN5) if processor.startswith("znver") else ("Xeon", _XEON)


@functools.cache  # a look-up takes 35 us, as long as a whole gradient may
def target():
    """Triple, processor and features that numba compiles for; NUMBA_CPU_NAME can change them."""
    return cpu_target.target_context.codegen().magic_tuple()
