"""What is fastest on which processor: numbers that the fused kernels are compiled with.

Measured on three: a Xeon of 2019 (Cascade Lake, AVX-512), an EPYC of 2021 (Zen 3, AVX2) and one of
2022 (Zen 4, AVX-512). What numba compiles for decides.
"""

import functools
from dataclasses import dataclass, replace

from numba.core.registry import cpu_target

_ANY = 2**62  # bytes: of rows of any length


@dataclass(frozen=True)
class Ahead:
    """Which rows a step asks for: those ``n_blocks`` steps ahead, or `n_bytes` if that is more.

    Attributes
    ----------
    level : int
        Of the cache that they are asked into; 0: none is asked for.
    along : bool
        Whether each row is asked for `n_bytes` along itself instead: not where values are stored
        in 1 or 2 bytes, and always if rows are spread.
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
    far_vector_bytes : int
        Of the vectors of rows that come from afar.
    last_level_is_near : bool
        Whether the last-level cache brings rows in time without being asked ahead.
    narrow_parts : int
        Distant parts of X from which steps of narrow rows are taken in turn.
    narrow, eight, four : Ahead
        What steps of narrow rows, 8 rows and 4 rows ask for.
    near_eight_bytes, far_eight_bytes : int
        Bytes of a row up to which 8 are taken at a time, 4 of longer ones.
    near_blocks, near_single_blocks, far_blocks : tuple of int
        Bytes of a row up to which the residuals of 32 rows are computed together, and of 16; else
        of 8. Near rows in float64, near ones in float32, far ones.
    late_bytes : int
        Bytes of a row from afar up to which 4 are added two steps after they are read; else one.
    in_turn_bytes : int
        Bytes of a near row from which 8 are read, and then added, not while others are read.
    followed_bytes : int
        Bytes of a row up to which 4 at a time are asked for: the processor follows longer ones.
    threads_pay_from : int
        Bytes of X, as computed, from which two threads are faster than one;
        GRADMARK_THREADS_PAY_FROM sets another number.
    spreads : bool
        Whether the rows of a step that come from afar are taken from as many parts of X, and not
        from next to each other.
    """

    far_vector_bytes: int
    last_level_is_near: bool
    narrow: Ahead
    narrow_parts: int
    eight: Ahead
    four: Ahead
    near_eight_bytes: int
    far_eight_bytes: int
    near_blocks: tuple[int, int]
    near_single_blocks: tuple[int, int]
    far_blocks: tuple[int, int]
    late_bytes: int
    in_turn_bytes: int
    followed_bytes: int
    spreads: bool
    threads_pay_from: int = 2**17


# Vectors of 64 bytes cost up to 15 % in rows from afar: lines are touched twice, the clock goes
# down. Short rows are asked for into the first-level cache, and others, which would not stay there,
# into the second. Few streams are followed: 4 long rows at a time. Residuals of 32 rows take 130
# cycles, those of 8 hardly less.
_XEON = Tuning(
    far_vector_bytes=32,
    last_level_is_near=False,
    narrow=Ahead(level=1, n_bytes=2560),
    narrow_parts=1,
    eight=Ahead(level=1, n_blocks=2),
    four=Ahead(level=2, n_blocks=2),
    near_eight_bytes=8192,
    far_eight_bytes=511,
    near_blocks=(2048, 2048),
    near_single_blocks=(511, 511),
    far_blocks=(256, 511),
    late_bytes=0,
    in_turn_bytes=_ANY,
    followed_bytes=24_576,
    spreads=False,
)
# Rows side by side keep Zen 4 from reading ahead: without asking, 0.4 of the read roof at 100
# features; asked into the first level 0.5, into the second 0.9, from 16 KB ahead on. Rows of more
# than 24 KB are asked for along themselves: 1.15 to 1.2x. From the last-level cache asking costs a
# fifth. Long vectors cost no clock: 1.1 to 1.2x from 1,000 features on. 3 blocks of 8 rows stay in
# the first-level cache, of 100 features 1.25x, and their residuals are computed meanwhile.
_ZEN4 = Tuning(
    far_vector_bytes=64,
    last_level_is_near=True,
    narrow=Ahead(level=2, n_bytes=8192),
    narrow_parts=1,
    eight=Ahead(level=2, n_blocks=2, n_bytes=24_576),
    four=Ahead(level=2, n_blocks=1, n_bytes=1536, along=True),
    near_eight_bytes=_ANY,
    far_eight_bytes=24_576,
    near_blocks=(256, 256),
    near_single_blocks=(256, 256),
    far_blocks=(128, 128),
    late_bytes=0,
    in_turn_bytes=_ANY,
    followed_bytes=_ANY,
    spreads=False,
)
# Zen 3 reads ahead by itself in a few long streams, and hardly in rows of less than 8 KB that are
# side by side: of 100 features from memory, rows next to each other reach 0.5 of what a plain read
# does, and 0.8 to 0.9 if they are asked for in any way (it keeps 24 such lines on their way, which
# takes 13 cycles a line; by itself it needs 9 to 10). From 4 distant parts they reach 1.1, and so
# does a read that only adds up 4 parts; asked for 1 KB along rather than 512 bytes, 1.01 to 1.05x.
# Added in the next step, 4 rows have to wait for the residuals that it begins with, some 100 cycles
# of the 400 that 100 features take: one step more is 1.06x in float64 and 1.15x in float32, where
# memory is fast, as long as 3 blocks of 4 rows stay in the first-level cache. 8 parts are better
# for rows of up to 192 bytes, if nothing is asked for (of 256 0.75x), and their residuals are
# computed by 16 up to 128 bytes. Narrow rows are read 8 at a time, which lie next to each other,
# from 3 parts in turn: 16 features in float64 then reach 0.9 of the roof by one thread, asked for
# 1,536 bytes along; from 4 parts, or asked for 512 bytes along or 4,096, 0.8. In cache, 8 rows that
# are read and then added are 1.1 to 1.25x from 160 features on: 3 blocks leave the first-level
# cache.
_ZEN3 = replace(
    _ZEN4,
    narrow=Ahead(level=2, n_bytes=1536),
    narrow_parts=3,
    eight=Ahead(level=0),
    four=Ahead(level=1, n_bytes=1024),
    far_eight_bytes=192,
    far_blocks=(0, 128),
    late_bytes=1536,
    in_turn_bytes=1280,
    spreads=True,
)


# As Zen 4 in all that is compiled. Two threads break even with one at 128 to 192 KB, from 16 to
# 1,024 features (medians of 41 turns; 256 to 512 KB while other programs keep the cores busy).
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


@functools.cache  # 35 us: as long as a gradient may take that asks
def target():
    """Triple, processor and features that numba compiles for; NUMBA_CPU_NAME can change them."""
    return cpu_target.target_context.codegen().magic_tuple()
