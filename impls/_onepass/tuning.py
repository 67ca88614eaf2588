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

_ANY = 2**62  # bytes: rows of any length


@dataclass(frozen=True)
class Prefetch:
    """Which rows a step prefetches: those ``n_blocks`` steps ahead, or `n_bytes` if that is more.

    Attributes
    ----------
    level : int
        Cache level to prefetch into, 1 or 2; 0: no prefetch.
    along : bool
        Whether to prefetch `n_bytes` ahead along each row instead. Values of 1 or 2 bytes are never
        prefetched so; rows from distant parts of X always are.
    """

    level: int
    n_blocks: int = 0
    n_bytes: int = 0
    along: bool = False


@dataclass(frozen=True)
class Tuning:
    """Numbers of one family of processors.

    Attributes
    ----------
    memory_vector_bytes : int
        Size of the vectors for rows that come from memory.
    llc_needs_no_prefetch : bool
        Whether rows in the last-level cache arrive in time without a prefetch.
    narrow_parts : int
        Distant parts of X from which the steps of narrow rows are taken in turn.
    narrow, eight, four : Prefetch
        What steps of narrow rows, of 8 rows and of 4 rows prefetch.
    cached_eight_bytes, memory_eight_bytes : int
        Longest row, in bytes, for steps of 8 rows; longer rows take steps of 4.
    cached_blocks, cached_single_blocks, memory_blocks : tuple of int
        Longest row, in bytes, for which the residuals of 32 rows are computed together, and of 16;
        else of 8. For rows in cache in float64, in cache in float32, and from memory.
    lag_bytes : int
        Longest row from memory, in bytes, that steps of 4 add two steps after reading it; longer
        rows one step after.
    in_turn_bytes : int
        Rows in cache that are longer than this are read, and then added, 8 at a time, instead of
        being added while others are read.
    prefetched_bytes : int
        Longest row, in bytes, that steps of 4 prefetch; the hardware prefetcher follows longer
        ones.
    spreads : bool
        Whether the rows of a step from memory come from as many distant parts of X instead of lying
        next to each other.
    threads_pay_from : int
        Bytes of X, as computed, from which two threads beat one; GRADMARK_THREADS_PAY_FROM sets
        another number.
    """

    memory_vector_bytes: int
    llc_needs_no_prefetch: bool
    narrow: Prefetch
    narrow_parts: int
    eight: Prefetch
    four: Prefetch
    cached_eight_bytes: int
    memory_eight_bytes: int
    cached_blocks: tuple[int, int]
    cached_single_blocks: tuple[int, int]
    memory_blocks: tuple[int, int]
    lag_bytes: int
    in_turn_bytes: int
    prefetched_bytes: int
    spreads: bool
    threads_pay_from: int = 2**17


# Vectors of 64 bytes cost up to 15 % for rows from memory: unaligned ones touch each line twice,
# and the clock drops. Short rows are prefetched into L1; longer ones would be evicted from it, so
# they go to L2. The hardware prefetcher follows few streams, hence 4 long rows at a time. Residuals
# of 32 rows take 130 cycles together, those of 8 hardly less.
_XEON = Tuning(
    memory_vector_bytes=32,
    llc_needs_no_prefetch=False,
    narrow=Prefetch(level=1, n_bytes=2560),
    narrow_parts=1,
    eight=Prefetch(level=1, n_blocks=2),
    four=Prefetch(level=2, n_blocks=2),
    cached_eight_bytes=8192,
    memory_eight_bytes=511,
    cached_blocks=(2048, 2048),
    cached_single_blocks=(511, 511),
    memory_blocks=(256, 511),
    lag_bytes=0,
    in_turn_bytes=_ANY,
    prefetched_bytes=24_576,
    spreads=False,
)
# Rows side by side defeat Zen 4's hardware prefetcher. At 100 features from memory, no prefetch
# reaches 0.4 of the read roof, a prefetch into L1 0.5, into L2 at least 16 KB ahead 0.9. Rows of
# more than 24 KB are prefetched along themselves: 1.15 to 1.2x. From the last-level cache a
# prefetch costs a fifth. Long vectors do not lower the clock: 1.1 to 1.2x from 1,000 features on.
# Three blocks of 8 rows of 100 features stay in L1, and residuals are computed meanwhile: 1.25x.
_ZEN4 = Tuning(
    memory_vector_bytes=64,
    llc_needs_no_prefetch=True,
    narrow=Prefetch(level=2, n_bytes=8192),
    narrow_parts=1,
    eight=Prefetch(level=2, n_blocks=2, n_bytes=24_576),
    four=Prefetch(level=2, n_blocks=1, n_bytes=1536, along=True),
    cached_eight_bytes=_ANY,
    memory_eight_bytes=24_576,
    cached_blocks=(256, 256),
    cached_single_blocks=(256, 256),
    memory_blocks=(128, 128),
    lag_bytes=0,
    in_turn_bytes=_ANY,
    prefetched_bytes=_ANY,
    spreads=False,
)
# Streams. Zen 3's hardware prefetcher follows a few long streams, and hardly any rows below 8 KB
# that lie side by side. At 100 features from memory, rows next to each other reach 0.5 of the read
# roof; 0.8 to 0.9 with any software prefetch (24 lines in flight, 13 cycles a line; the hardware
# prefetcher needs 9 to 10). Rows from 4 distant parts reach 1.1, as does a read that only sums 4
# parts. Prefetching 1 KB along instead of 512 bytes gains 1.01 to 1.05x.
# Lag. With a lag of one step, 4 rows wait for the residuals at the beginning of the step: 100 of
# the 400 cycles that 100 features take. A lag of two gains 1.06x in float64 and 1.15x in float32
# where memory is fast, as long as three blocks of 4 rows stay in L1.
# Short rows. 8 parts beat 4 for rows up to 192 bytes if nothing is prefetched (rows of 256 bytes:
# 0.75x); up to 128 bytes residuals are computed 16 at a time.
# Narrow rows. Steps of 8 adjacent rows from 3 parts in turn: 16 features in float64 reach 0.9 of
# the roof on one thread with a prefetch of 1,536 bytes along; 0.8 from 4 parts, or with 512 or
# 4,096 bytes.
# In cache. Reading 8 rows and then adding them gains 1.1 to 1.25x from 160 features on: three
# blocks would not fit in L1.
_ZEN3 = replace(
    _ZEN4,
    narrow=Prefetch(level=2, n_bytes=1536),
    narrow_parts=3,
    eight=Prefetch(level=0),
    four=Prefetch(level=1, n_bytes=1024),
    memory_eight_bytes=192,
    memory_blocks=(0, 128),
    lag_bytes=1536,
    in_turn_bytes=1280,
    spreads=True,
)
# Two threads break even with one at 128 to 192 KB, from 16 to 1,024 features (medians of 41 turns
# in one process; 256 to 512 KB while other programs keep the cores busy).
_ZEN5 = replace(_ZEN4, threads_pay_from=3 * 2**16)


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
