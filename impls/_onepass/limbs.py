"""One pass over 8-bit levels in whole numbers, where float64 is limited by conversions.

In float64 8 levels take a widening, a conversion and a product for each of their two uses: 0.375
cycles a level on 2 ports. Here weights and residuals are 4 digits of 15 bits, and one instruction
multiplies 32 levels by a digit each and adds the products of neighbours to 16 sums of 32 bits,
which are exact. 32 levels take 5 instructions for the inner products and 5.5 for the sum over the
rows: 0.16 cycles a level. What is done once for 4 rows, to add up their sums, and once for a block,
to turn 64 features' sums into numbers, takes 0.03 more at 1,000 features. That is AVX-512 VNNI.
AVX2 multiplies 16 levels and adds in a second instruction, in half as many registers: 26 and 28
instructions for 32 levels, which on Zen 3 take 5.6 and 6.3 cycles in the first-level cache. With
what is done once for 4 rows and for a block it is 0.5 cycles a level, where float64 takes 1.2.

Rows are read 4 at a time; then the block, which is still in the second-level cache, is added, 64
features at a time, of which a row has one line. The next block is asked for meanwhile.

Rounding: a weight's digits hold it to 2^-59 of the largest weight, a residual's to 2^-59 of the
largest of its block: much smaller ones are added in float64. Where digits do not do for the
weights, `split_weights` says so.

Built from: b9af546e6bd7 (tests/_built_from.py)
"""

import functools
import math

import numpy as np
from llvmlite import ir
from numba import njit, prange, types
from numba.core import cgutils
from numba.extending import intrinsic, overload

from impls._onepass.residuals import make_residuals
from impls._onepass.steps import make_step
from impls._onepass.threads import THREADS_ONLY, count_threads, own_cache_bytes
from impls._onepass.vectors import (
    DOUBLE,
    FUSE,
    I8,
    I16,
    I32,
    I64,
    LINE_BYTES,
    Array,
    aligned,
    ask_for,
    call,
    compiles_for,
    shuffle,
    splat,
    sum_neighbours,
    whole,
)

_DIGITS, _BITS = 4, 15
_STEP = 4  # rows whose inner products are computed at a time
_MOST_ROWS = 256  # of a block; the sums of 512 would fit in 32 bits
# By levels of a vector: the part of the cache that a core has for itself that a block of rows
# takes, 32 rows at least, and the next one as much; and which of 4 rows of the next one are asked
# for while those of a block are read, the others while it is added.
_CACHE_SHARE, _ASKED_ROWS, _FEWEST_ROWS = {32: 16, 16: 4}, {32: (1, 3), 16: (0, 1, 2, 3)}, 32
# Where it is ahead of float64, by levels of a vector: 60 million levels take 1.2 times as long in
# float64 at 200 features, 1.5 times from 500 on; in cache 0.9 times at 1,000 x 256, 1.4 times at
# 1,000 x 1,000. With AVX2, 1.25 times at 40 features, 1.45 times from 60 on.
_FEWEST_FEATURES, _FEWEST_LEVELS = {32: 192, 16: 40}, 2**19
# A residual that is smaller than the largest of its block by more than this loses more than 2^-47,
# and is added in float64. If more than a quarter are, all of the block is: which takes as long.
_SPREAD, _MOST_SMALL = 2.0**12, 4
_LEAST = 1e-200  # which, scaled to fill the digits, is far from overflow

_add_one, _add_four = make_step(1, adds=True), make_step(_STEP, adds=True)
_residuals_block, _residuals_step = make_residuals(_FEWEST_ROWS), make_residuals(_STEP)


@functools.cache
def _n_words():
    """Levels of a vector, as 16-bit words, by what numba compiles for; 0: digits do not pay."""
    if compiles_for("avx512vnni"):
        return 32
    return 16 if compiles_for("avx2") and not compiles_for("avx512f") else 0


def _kinds():
    """Vectors of words and of the sums of neighbours' products."""
    return ir.VectorType(I16, _n_words()), ir.VectorType(I32, _n_words() // 2)


def _n_chunk():
    """Features whose sums fit in 32 bits."""


@overload(_n_chunk)
def _count_chunk():
    # Those of 4 lanes, each of 2 products of at most 255 and 2^14 for every vector of features.
    n_features = 64 * _n_words()
    return lambda: n_features


def _groups(items):
    """All at once if 32 registers hold 16 sums and more, or else one half, then the other."""
    n = len(items) if _n_words() == 32 else len(items) // 2
    return [items[i : i + n] for i in range(0, len(items), n)]


def _zero_sums(b, kind, count):
    """Variables in registers, once LLVM has seen how they are used."""
    zero = ir.Constant(kind, [0] * kind.count)
    return [cgutils.alloca_once_value(b, zero) for _ in range(count)]


def _add_products(b, total, levels, digits):
    """Add products of words to sums, those of neighbours to one."""
    name = "llvm.x86.avx512.pmaddw.d.512" if _n_words() == 32 else "llvm.x86.avx2.pmadd.wd"
    products = call(b, name, _kinds()[1], [levels, digits])
    b.store(b.add(b.load(total), products), total)


def _number(b, sums, kind):
    """Numbers from the sums of each digit, the lowest digit first."""
    base = ir.Constant(kind, [2.0**_BITS] * kind.count)
    value = b.sitofp(sums[-1], kind)
    for part in sums[-2::-1]:
        value = b.fadd(b.fmul(value, base, flags=FUSE), b.sitofp(part, kind), flags=FUSE)
    return value


@intrinsic
def _read(_context, digits, X, first, start, stop, z, at, unit, ahead):
    """Add `unit` times the inner products of 4 rows with the digits of some features to z."""

    def build(context, b, signature, arguments):
        words, sum_kind = _kinds()
        levels_kind = ir.VectorType(I8, words.count)
        kinds = {0: words, 1: levels_kind, 5: ir.VectorType(DOUBLE, _STEP)}
        weights, x, products = (
            Array(context, b, signature.args[i], arguments[i], kind) for i, kind in kinds.items()
        )
        first, start, stop = arguments[2:5]
        rows = [x.address(b.mul(b.add(first, I64(k)), x.n_columns)) for k in range(_STEP)]
        parts = [weights.address(b.mul(weights.n_columns, I64(k))) for k in range(_DIGITS)]
        sums = _zero_sums(b, sum_kind, _DIGITS * _STEP)
        for group in _groups(range(_STEP)):
            with cgutils.for_range_slice(b, start, stop, I64(words.count), I64) as (j, _):
                digits = [weights.load(part, j) for part in parts]
                for r in group:
                    if r in _ASKED_ROWS[words.count]:
                        ask_for(b, b.gep(rows[r], [b.add(j, arguments[8])]), 2)
                    levels = b.zext(x.load(rows[r], j), words)
                    for k, digit in enumerate(digits):
                        _add_products(b, sums[k * _STEP + r], levels, digit)
        by_digit = sum_neighbours(b, [b.load(s) for s in sums], 4)
        part = sum_kind.count
        value = _number(b, by_digit, ir.VectorType(DOUBLE, part))
        while part > _STEP:
            part //= 2
            halves = [
                shuffle(b, value, value, [half + i for i in range(part)]) for half in (0, part)
            ]
            value = b.fadd(*halves)
        value = b.fmul(value, splat(b, arguments[7], _STEP))
        value = b.fadd(products.load(products.data, arguments[6]), value)
        products.store(value, products.data, arguments[6])
        return context.get_dummy_value()

    n = types.intp
    return types.void(digits, X, n, n, n, z, n, types.float64, n), build


def _pair_rows(b, left, right, half):
    """Words of two rows' levels side by side, in 2 vectors: even and odd features of a half of each
    16 bytes.

    Shuffles of two words at a time and within 16 bytes, then the lower and the upper bytes.
    """
    kind = left.type
    lanes = [i + 4 * half + j for i in range(0, kind.count, 8) for j in range(4)]
    mixed = shuffle(b, left, right, [side + i for i in lanes for side in (0, kind.count)])
    return [
        b.and_(mixed, ir.Constant(kind, [255] * kind.count)),
        b.lshr(mixed, ir.Constant(kind, [8] * kind.count)),
    ]


@intrinsic
def _add_line(_context, X, first, n_rows, start, n_used, digits, unit, total, ahead):
    """Add `unit` times the digits times the rows from `first` on to the sums of 64 features.

    Those from the `n_used`-th on are 0, and may be left out.
    """

    def build(context, b, signature, arguments):
        words, sum_kind = _kinds()
        kinds = {0: words, 5: words, 7: ir.VectorType(DOUBLE, 8)}
        x, residuals, g = (
            Array(context, b, signature.args[i], arguments[i], kind) for i, kind in kinds.items()
        )
        first, n_rows, start, n_used = arguments[1:5]
        corner = b.gep(x.address(b.mul(first, x.n_columns)), [start])
        parts = [residuals.address(b.mul(residuals.n_columns, I64(k))) for k in range(_DIGITS)]
        factor = splat(b, arguments[6], 8)

        def sum_rows(at, halves):
            """Sums of each digit, of even and of odd features of the halves."""
            sums = _zero_sums(b, sum_kind, 2 * len(halves) * _DIGITS)
            asks = at == halves[0] == 0 and len(_ASKED_ROWS[words.count]) < _STEP
            with cgutils.for_range_slice(b, I64(0), n_rows, I64(2), I64) as (i, _):
                apart = [b.mul(b.add(i, I64(k)), x.n_columns) for k in range(2)]
                lines = [b.gep(corner, [b.add(distance, I64(at))]) for distance in apart]
                if asks:
                    ask_for(b, b.gep(lines[0], [arguments[8]]), 2)
                pair = [b.load(b.bitcast(line, words.as_pointer()), align=1) for line in lines]
                paired = [word for half in halves for word in _pair_rows(b, *pair, half)]
                for k, part in enumerate(parts):
                    both = b.load(b.bitcast(b.gep(part, [i]), I32.as_pointer()), align=4)
                    digit = b.bitcast(splat(b, both, sum_kind.count), words)
                    for q, word in enumerate(paired):
                        _add_products(b, sums[q * _DIGITS + k], word, digit)
            return [
                [b.load(s) for s in sums[i : i + _DIGITS]] for i in range(0, len(sums), _DIGITS)
            ]

        def add_eight(even, odd, lane, j):
            order = [side + lane + i for i in range(4) for side in (0, sum_kind.count)]
            part = b.fmul(shuffle(b, even, odd, order), factor, flags=FUSE)
            g.store(b.fadd(g.load(g.data, j), part, flags=FUSE), g.data, j)

        def add_halves(at, halves):
            sums = sum_rows(at, halves)
            kind = ir.VectorType(DOUBLE, sum_kind.count)
            numbers = [_number(b, by_digit, kind) for by_digit in sums]
            for half, even, odd in zip(halves, numbers[::2], numbers[1::2], strict=True):
                for lane in range(0, sum_kind.count, 4):
                    add_eight(even, odd, lane, b.add(start, I64(at + 4 * lane + 8 * half)))

        for at in range(0, LINE_BYTES, 2 * words.count):
            for halves in _groups(range(2)):
                least = b.add(start, I64(at + 8 * halves[0]))
                with b.if_then(b.icmp_signed("<", least, n_used)):
                    add_halves(at, halves)
        return context.get_dummy_value()

    n = types.intp
    return types.void(X, n, n, n, n, digits, types.float64, total, n), build


@njit(nogil=True, cache=True)
def _scale(most):
    """The power of 2 that makes of the largest number one that just fits in the digits."""
    return math.ldexp(1.0, _DIGITS * _BITS - 1 - math.frexp(most)[1])


@njit(nogil=True, cache=True)
def _split(numbers, scale, digits):
    """Signed digits of the numbers times the scale, the lowest digit first."""
    scale *= 2.0 ** (-_BITS * (_DIGITS - 1))
    for j in range(len(numbers)):
        rest = numbers[j] * scale
        for k in range(_DIGITS - 1, -1, -1):
            digit = np.rint(rest)  # 2^14 at most, whose remainder is 1/2 at most: both are exact
            digits[k, j] = np.int16(digit)
            rest = (rest - digit) * 2.0**_BITS


@njit(nogil=True, cache=True)
def _compute_residuals(digits, unit, shift, X, y, first, z, ahead):
    """Residuals of as many samples from `first` on as z has room for, a multiple of 4."""
    z[:] = shift
    for m in range(0, len(z), _STEP):
        for start in range(0, digits.shape[1], _n_chunk()):
            stop = min(start + _n_chunk(), digits.shape[1])
            _read(digits, X, first + m, start, stop, z, m, unit, ahead)
    whole = len(z) // _FEWEST_ROWS * _FEWEST_ROWS
    for m in range(0, whole, _FEWEST_ROWS):
        _residuals_block(z, m, y, first + m)
    for m in range(whole, len(z), _STEP):
        _residuals_step(z, m, y, first + m)


@njit(nogil=True, cache=True)
def _larger(most, value):
    """`most`, or the magnitude of the value if that is more: never if it is not a number."""
    return abs(value) if abs(value) > most else most


@njit(nogil=True, cache=True)
def _largest(z):
    """The largest magnitude, but for what is not a number; 4 at a time, none of which waits."""
    a, b, c, d = 0.0, 0.0, 0.0, 0.0
    for m in range(0, len(z), 4):
        a = _larger(a, z[m])
        b = _larger(b, z[m + 1])
        c = _larger(c, z[m + 2])
        d = _larger(d, z[m + 3])
    return max(a, b, c, d)


@njit(nogil=True, cache=True)
def _is_small(residual, least):
    """Whether digits would lose too much of it: it is too small, or not a number."""
    return residual != 0 and not abs(residual) >= least


@njit(nogil=True, cache=True)
def _add_block(X, first, n_used, z, digits, total, ahead):
    """Add the rows from `first` on, times their residuals z, a multiple of 4."""
    most = _largest(z)
    least = most / _SPREAD if most > _LEAST else np.inf
    n_small = 0
    for m in range(len(z)):
        n_small += _is_small(z[m], least)
    if n_small > len(z) // _MOST_SMALL:
        for m in range(0, len(z), _STEP):
            _add_four(total, X, 0, first + m, total, z, 0, m)
        return
    for m in range(len(z) if n_small else 0):
        if _is_small(z[m], least):
            _add_one(total, X, 0, first + m, total, z, 0, m)
            z[m] = 0
    if not most > _LEAST:
        return
    scale = _scale(most)
    _split(z, scale, digits)
    for start in range(0, X.shape[1], LINE_BYTES):
        _add_line(X, first, len(z), start, n_used, digits, 1 / scale, total, ahead)


@njit(nogil=True, cache=True)
def _add_share(weights, unit, shift, X, y, n_used, start, stop, n_rows, total):
    """Make `total` the sum over the samples ``start <= i < stop``, 4 at least."""
    total[:] = 0
    z, digits = np.empty(_MOST_ROWS), np.empty((_DIGITS, _MOST_ROWS), np.int16)
    while start < stop:
        n = min(n_rows, max(_STEP, (stop - start) // _STEP * _STEP))
        first = min(start, stop - n)  # the last rows are read with some that have been added
        _compute_residuals(weights, unit, shift, X, y, first, z[:n], n_rows * X.shape[1])
        z[: start - first] = 0
        _add_block(X, first, n_used, z[:n], digits, total, n_rows * X.shape[1])
        start = first + n


@njit(parallel=THREADS_ONLY, cache=True)
def _add_together(weights, unit, shift, X, y, n_used, n_rows, n_shares, result):
    """Sums over all samples, shared out to threads; the first one's sums become the result.

    Sums are padded by a cache line, so that no two threads write to one.
    """
    n_features = len(result)
    others = np.empty((n_shares - 1, n_features + 8))
    for share in prange(n_shares):
        n = np.int64(share)
        total = others[n - 1, :n_features] if n else result
        start, stop = n * len(X) // n_shares, (n + 1) * len(X) // n_shares
        _add_share(weights, unit, shift, X, y, n_used, start, stop, n_rows, total)
    for n in range(n_shares - 1):
        for j in range(n_features):
            result[j] += others[n, j]


def digits_pay(n_samples, n_features):
    """Whether `digits_gradient` is faster than `fused_gradient`."""
    large = n_samples * n_features >= _FEWEST_LEVELS and n_samples >= _STEP * count_threads()
    return large and n_features >= _FEWEST_FEATURES.get(_n_words(), math.inf)


def split_weights(weights, most_levels):
    """Digits of the weights, in whole vectors, and their unit; None if they would lose too much.

    What the weights lose may change no inner product by more than 2^-47. `most_levels` is the
    largest sum of levels that a row can have.
    """
    most = max(weights.max(), -weights.min())
    if not (most == 0 or (most > _LEAST and most * most_levels <= 2**12)):
        return None
    n_columns = whole(len(weights), _n_words())
    digits, scale = aligned((_DIGITS, n_columns), np.int16), _scale(most)
    _split(weights, scale, digits)
    return digits, 1 / scale


def digits_gradient(digits, unit, shift, X, y, n_used):
    """``X^T (sigmoid(X w + shift) - y)`` in one pass, in float64.

    Parameters
    ----------
    digits, unit : ndarray of int16, float
        The weights, as `split_weights` makes them.
    X : ndarray of uint8
        As `aligned` makes it, of whole cache lines; 4 samples or more for each thread.
    y : ndarray of float64
        In C order, finite.
    n_used : int
        Columns of X that are not 0: the sums of the others may be left at 0.
    """
    n_features = X.shape[1]
    block_bytes = own_cache_bytes() // _CACHE_SHARE[_n_words()]
    n_rows = block_bytes // n_features // _FEWEST_ROWS * _FEWEST_ROWS
    n_rows = max(_FEWEST_ROWS, min(_MOST_ROWS, n_rows))
    result = np.empty(n_features)
    _add_together(digits, unit, shift, X, y, n_used, n_rows, count_threads(), result)
    return result


def ready_digits(X, y):
    """Make the code for such data, of as few samples as it takes."""
    few = _STEP * count_threads()
    digits = split_weights(np.zeros(X.shape[1]), 1)
    digits_gradient(*digits, 0.0, X[:few], y[:few], X.shape[1])
