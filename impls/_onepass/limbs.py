"""The pass over 8-bit levels in integer arithmetic, where float64 is limited by conversions.

Weights and residuals are split into 4 limbs of 15 bits (fixed-point slices, as in Ozaki's scheme
for exact products). One AVX-512 VNNI instruction multiplies 32 levels by a limb each and adds the
products of neighbours to 16 sums of 32 bits, which are exact.

Cost, by count of instructions. In float64, 8 levels take a widening, a conversion and a product for
each of their two uses: 0.375 cycles a level on 2 ports. With VNNI, 32 levels take 5 instructions
for the inner products and 5.5 for the sum over the rows: 0.16 cycles a level; the sums of 4 rows
and the conversion of a block's sums add 0.03 at 1,000 features. AVX2 multiplies 16 levels and adds
in a second instruction, with half as many registers: 26 and 28 instructions for 32 levels, 0.5
cycles a level on Zen 3, where float64 takes 1.2.

Rows are read 4 at a time for their inner products. Then the block, which is still in L2, is added,
64 features at a time: one cache line of each row. The next block is prefetched meanwhile.

Rounding: the limbs hold a weight to 2^-59 of the largest weight, and a residual to 2^-59 of the
largest residual of its block; much smaller residuals are added in float64. `split_weights` says
where limbs would lose too much of the weights.
"""

import math

import numpy as np
from llvmlite import ir
from numba import njit, prange, types
from numba.core import cgutils
from numba.extending import intrinsic

from impls._onepass.arrays import aligned, whole
from impls._onepass.caches import own_cache_bytes
from impls._onepass.entries import THREADS_ONLY, digest, finish, terms_of
from impls._onepass.steps import make_step
from impls._onepass.terms import turn
from impls._onepass.threads import count_threads
from impls._onepass.vectors import (
    DOUBLE,
    FUSE,
    I8,
    I16,
    I32,
    I64,
    LINE_BYTES,
    Array,
    call,
    compiles_for,
    prefetch,
    shuffle,
    splat,
    sum_neighbours,
    variables,
)

_LIMBS, _BITS = 4, 15
_STEP = 4  # rows whose inner products are computed at a time
_MOST_ROWS = 256  # rows of a block; the sums of 512 would fit in 32 bits
# Levels of a vector, as 16-bit words, by what numba compiles for; 0 where limbs do not pay.
_N_WORDS = 0
if compiles_for("avx512vnni"):
    _N_WORDS = 32
elif compiles_for("avx2") and not compiles_for("avx512f"):
    _N_WORDS = 16
_WORDS, _SUMS = ir.VectorType(I16, _N_WORDS), ir.VectorType(I32, _N_WORDS // 2)
# Features whose inner products fit in 32 bits: a sum of 4 lanes, each of 2 products of at most
# 255 x 2^14 per vector of features.
_CHUNK = 64 * _N_WORDS
# By levels of a vector: a block of rows (32 at least) takes one part in so many of a core's own
# cache, and the next block as much; and which of every 4 rows of the next block are prefetched
# while a block is read, the others while it is added.
_CACHE_SHARE, _PREFETCHED_ROWS, _FEWEST_ROWS = {32: 16, 16: 4}, {32: (1, 3), 16: (0, 1, 2, 3)}, 32
# Fewest features and levels for which integers beat float64, by levels of a vector. Speed-up over
# float64 for 60 million levels: 1.2x at 200 features, 1.5x from 500 on; in cache 0.9x at 1,000 x
# 256, 1.4x at 1,000 x 1,000. With AVX2: 1.25x at 40 features, 1.45x from 60 on. (python -m
# scripts.race --pixels --contender fused_uint8 --size 300000 200, with other numbers here.)
_FEWEST_FEATURES, _FEWEST_LEVELS = {32: 192, 16: 40}, 2**19
# A residual that is smaller than its block's largest by more than this factor would lose more than
# 2^-47 and is added in float64; so is the whole block if more than a quarter of its residuals are.
_SPREAD, _MOST_SMALL = 2.0**12, 4
_LEAST = 1e-200  # scaled to fill the limbs, it is far from overflow

_add_one, _add_four = make_step(1, adds=True), make_step(_STEP, adds=True)


def _groups(items):
    """All items at once with 32 registers, which hold 16 sums and more; else in two halves."""
    n = len(items) if _N_WORDS == 32 else len(items) // 2
    return [items[i : i + n] for i in range(0, len(items), n)]


def _add_products(b, total, levels, limbs):
    """Add the products of words to sums, two neighbours' to each."""
    name = "llvm.x86.avx512.pmaddw.d.512" if _N_WORDS == 32 else "llvm.x86.avx2.pmadd.wd"
    products = call(b, name, _SUMS, [levels, limbs])
    b.store(b.add(b.load(total), products), total)


def _number(b, sums, kind):
    """Doubles from the sums of each limb, the lowest limb first."""
    base = ir.Constant(kind, [2.0**_BITS] * kind.count)
    value = b.sitofp(sums[-1], kind)
    for part in sums[-2::-1]:
        value = b.fadd(b.fmul(value, base, flags=FUSE), b.sitofp(part, kind), flags=FUSE)
    return value


def _sum_parts(b, by_limb):
    """The inner products of 4 rows, from the sums of each limb that stand side by side."""
    part = by_limb[0].type.count
    value = _number(b, by_limb, ir.VectorType(DOUBLE, part))
    while part > _STEP:
        part //= 2
        halves = [shuffle(b, value, value, [half + i for i in range(part)]) for half in (0, part)]
        value = b.fadd(*halves)
    return value


@intrinsic
def _read(_context, limbs, X, first, start, stop, z, at, unit, ahead):
    """Add `unit` times the inner products of 4 rows with limbs, of some features, to z."""

    def build(context, b, signature, arguments):
        levels_kind = ir.VectorType(I8, _N_WORDS)
        kinds = {0: _WORDS, 1: levels_kind, 5: ir.VectorType(DOUBLE, _STEP)}
        weights, x, products = (
            Array(context, b, signature.args[i], arguments[i], kind) for i, kind in kinds.items()
        )
        first, start, stop = arguments[2:5]
        rows = [x.address(b.mul(b.add(first, I64(k)), x.n_columns)) for k in range(_STEP)]
        parts = [weights.address(b.mul(weights.n_columns, I64(k))) for k in range(_LIMBS)]
        sums = variables(b, _SUMS, _LIMBS * _STEP)
        for group in _groups(range(_STEP)):
            with cgutils.for_range_slice(b, start, stop, I64(_N_WORDS), I64) as (j, _):
                limbs = [weights.load(part, j) for part in parts]
                for r in group:
                    if r in _PREFETCHED_ROWS[_N_WORDS]:
                        prefetch(b, b.gep(rows[r], [b.add(j, arguments[8])]), 2)
                    levels = b.zext(x.load(rows[r], j), _WORDS)
                    for k, limb in enumerate(limbs):
                        _add_products(b, sums[k * _STEP + r], levels, limb)
        by_limb = sum_neighbours(b, [b.load(s) for s in sums], 4)
        value = b.fmul(_sum_parts(b, by_limb), splat(b, arguments[7], _STEP))
        products.add(value, arguments[6])
        return context.get_dummy_value()

    n = types.intp
    return types.void(limbs, X, n, n, n, z, n, types.float64, n), build


def _pair_rows(b, left, right, half):
    """Levels of two rows side by side as words, in 2 vectors: even and odd features.

    They are those of one half of each 16 bytes: a shuffle of words within 16 bytes pairs the rows,
    then the lower and the upper bytes are taken.
    """
    kind = left.type
    lanes = [i + 4 * half + j for i in range(0, kind.count, 8) for j in range(4)]
    mixed = shuffle(b, left, right, [side + i for i in lanes for side in (0, kind.count)])
    return [
        b.and_(mixed, ir.Constant(kind, [255] * kind.count)),
        b.lshr(mixed, ir.Constant(kind, [8] * kind.count)),
    ]


@intrinsic
def _add_line(_context, X, first, n_rows, start, n_used, limbs, unit, total, ahead):
    """Add `unit` times the rows from `first` on times their limbs to the sums of 64 features.

    Features from the `n_used`-th on are 0 and may be left out.
    """

    def build(context, b, signature, arguments):
        _Line(context, b, signature.args, arguments).build()
        return context.get_dummy_value()

    n = types.intp
    return types.void(X, n, n, n, n, limbs, types.float64, total, n), build


class _Line:
    """Builds `_add_line`."""

    def __init__(self, context, b, kinds, arguments):
        self.b = b
        self.x, residuals, self.g = (
            Array(context, b, kinds[i], arguments[i], kind)
            for i, kind in ((0, _WORDS), (5, _WORDS), (7, ir.VectorType(DOUBLE, 8)))
        )
        first, self.n_rows, self.start, self.n_used = arguments[1:5]
        self.corner = b.gep(self.x.address(b.mul(first, self.x.n_columns)), [self.start])
        self.parts = [residuals.address(b.mul(residuals.n_columns, I64(k))) for k in range(_LIMBS)]
        self.factor, self.ahead = splat(b, arguments[6], 8), arguments[8]

    def build(self):
        for at in range(0, LINE_BYTES, 2 * _N_WORDS):
            for halves in _groups(range(2)):
                least = self.b.add(self.start, I64(at + 8 * halves[0]))
                with self.b.if_then(self.b.icmp_signed("<", least, self.n_used)):
                    self._add_halves(at, halves)

    def _add_halves(self, at, halves):
        """Add the features `at` the beginning of the line and after, of some halves."""
        kind = ir.VectorType(DOUBLE, _SUMS.count)
        numbers = [_number(self.b, by_limb, kind) for by_limb in self._sum_rows(at, halves)]
        for half, even, odd in zip(halves, numbers[::2], numbers[1::2], strict=True):
            for lane in range(0, _SUMS.count, 4):
                j = self.b.add(self.start, I64(at + 4 * lane + 8 * half))
                self._add_eight(even, odd, lane, j)

    def _sum_rows(self, at, halves):
        """Sums of each limb, for the even and the odd features of the halves."""
        b, n_columns = self.b, self.x.n_columns
        sums = variables(b, _SUMS, 2 * len(halves) * _LIMBS)
        asks = at == halves[0] == 0 and len(_PREFETCHED_ROWS[_N_WORDS]) < _STEP
        with cgutils.for_range_slice(b, I64(0), self.n_rows, I64(2), I64) as (i, _):
            apart = [b.mul(b.add(i, I64(k)), n_columns) for k in range(2)]
            lines = [b.gep(self.corner, [b.add(distance, I64(at))]) for distance in apart]
            if asks:
                prefetch(b, b.gep(lines[0], [self.ahead]), 2)
            pair = [b.load(b.bitcast(line, _WORDS.as_pointer()), align=1) for line in lines]
            paired = [word for half in halves for word in _pair_rows(b, *pair, half)]
            for k, part in enumerate(self.parts):
                both = b.load(b.bitcast(b.gep(part, [i]), I32.as_pointer()), align=4)
                limb = b.bitcast(splat(b, both, _SUMS.count), _WORDS)
                for q, word in enumerate(paired):
                    _add_products(b, sums[q * _LIMBS + k], word, limb)
        return [[b.load(s) for s in sums[i : i + _LIMBS]] for i in range(0, len(sums), _LIMBS)]

    def _add_eight(self, even, odd, lane, j):
        b = self.b
        order = [side + lane + i for i in range(4) for side in (0, _SUMS.count)]
        part = b.fmul(shuffle(b, even, odd, order), self.factor, flags=FUSE)
        self.g.add(part, j)


@njit(nogil=True)
def _scale(most):
    """The power of 2 that scales the largest number so that it just fits in the limbs."""
    return math.ldexp(1.0, _LIMBS * _BITS - 1 - math.frexp(most)[1])


@njit(nogil=True)
def _split(numbers, scale, limbs):
    """Split the numbers times the scale into signed limbs, the lowest first."""
    scale *= 2.0 ** (-_BITS * (_LIMBS - 1))
    for j in range(len(numbers)):
        rest = numbers[j] * scale
        for k in range(_LIMBS - 1, -1, -1):
            limb = np.rint(rest)  # at most 2^14, and the rest at most 1/2: both exact
            limbs[k, j] = np.int16(limb)
            rest = (rest - limb) * 2.0**_BITS


@njit(nogil=True)
def _compute_residuals(terms, limbs, unit, shift, X, y, first, fresh, z, ahead):
    """Store in z the residuals of ``len(z)`` samples from `first` on, a multiple of 4.

    Samples before the `fresh` one have been added: their residuals are 0.
    """
    z[:] = shift
    for m in range(0, len(z), _STEP):
        for start in range(0, limbs.shape[1], _CHUNK):
            stop = min(start + _CHUNK, limbs.shape[1])
            _read(limbs, X, first + m, start, stop, z, m, unit, ahead)
    z[: fresh - first] = 0
    turn(terms, z, fresh - first, y, fresh, len(z) - (fresh - first))


@njit(nogil=True)
def _larger(most, value):
    """The larger of `most` and the value's magnitude; NaN counts for nothing."""
    return abs(value) if abs(value) > most else most


@njit(nogil=True)
def _largest(z):
    """The largest magnitude, NaN aside, in 4 independent accumulators."""
    a, b, c, d = 0.0, 0.0, 0.0, 0.0
    for m in range(0, len(z), 4):
        a = _larger(a, z[m])
        b = _larger(b, z[m + 1])
        c = _larger(c, z[m + 2])
        d = _larger(d, z[m + 3])
    return max(a, b, c, d)


@njit(nogil=True)
def _is_small(residual, least):
    """Whether limbs would lose too much of a residual: it is too small, or NaN."""
    return residual != 0 and not abs(residual) >= least


@njit(nogil=True)
def _add_block(X, first, n_used, z, limbs, total, ahead):
    """Add ``len(z)`` rows from `first` on, a multiple of 4, times their residuals z."""
    most = _largest(z)
    least = most / _SPREAD if most > _LEAST else np.inf
    n_small = 0
    for m in range(len(z)):
        n_small += _is_small(z[m], least)
    if n_small > len(z) // _MOST_SMALL or most == np.inf:  # no limbs hold an infinity
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
    _split(z, scale, limbs)
    for start in range(0, X.shape[1], LINE_BYTES):
        _add_line(X, first, len(z), start, n_used, limbs, 1 / scale, total, ahead)


@njit(nogil=True)
def _add_share(terms, weights, unit, shift, X, y, n_used, start, stop, n_rows, total):
    """Make `total` the sum over the samples ``start <= i < stop``, at least 4."""
    total[:] = 0
    z, limbs = np.empty(_MOST_ROWS + 8), np.empty((_LIMBS, _MOST_ROWS), np.int16)
    while start < stop:
        n = min(n_rows, max(_STEP, (stop - start) // _STEP * _STEP))
        first = min(start, stop - n)  # the last rows are read with some that have been added
        ahead = n_rows * X.shape[1]
        _compute_residuals(terms, weights, unit, shift, X, y, first, start, z[:n], ahead)
        _add_block(X, first, n_used, z[:n], limbs, total, ahead)
        start = first + n


def make_add_together(engine):
    """Sums over all samples, shared out to threads; the first one's sums become the result.

    Sums are padded by a cache line, so that no two threads write to one.
    """

    @njit(parallel=THREADS_ONLY, nogil=True, cache=True)
    def add_together(call, weights, unit, shift, X, y, n_used, n_rows, n_shares, result):
        _ = engine
        n_features = len(result)
        others = np.empty((n_shares - 1, n_features + 8))
        for share in prange(n_shares):
            n = np.int64(share)
            total = others[n - 1, :n_features] if n else result
            start, stop = n * len(X) // n_shares, (n + 1) * len(X) // n_shares
            _add_share(
                terms_of(call, n), weights, unit, shift, X, y, n_used, start, stop, n_rows, total
            )
        for n in range(n_shares - 1):
            for j in range(n_features):
                result[j] += others[n, j]
        finish(call, result, len(y))

    return add_together


_add_together = make_add_together(digest())


def limbs_pay(n_samples, n_features):
    """Whether `limbs_gradient` is faster than float64."""
    large = n_samples * n_features >= _FEWEST_LEVELS and n_samples >= _STEP * count_threads()
    return large and n_features >= _FEWEST_FEATURES.get(_N_WORDS, math.inf)


def split_weights(weights, most_levels):
    """Limbs of the weights, in whole vectors, and their unit; None if they would lose too much.

    The loss may change no inner product by more than 2^-47.

    Parameters
    ----------
    weights : ndarray of float64
    most_levels : int
        Largest sum of levels that a row can have.
    """
    most = max(weights.max(), -weights.min())
    if not (most == 0 or (most > _LEAST and most * most_levels <= 2**12)):
        return None
    n_columns = whole(len(weights), _N_WORDS)
    limbs, scale = aligned((_LIMBS, n_columns), np.int16), _scale(most)
    _split(weights, scale, limbs)
    return limbs, 1 / scale


def limbs_gradient(call, limbs, unit, shift, X, y, n_used):
    """``X^T r(X w + shift, y)`` in one pass, in float64.

    Parameters
    ----------
    call : int
        Address of a `Call`.
    limbs, unit : ndarray of int16, float
        The weights, from `split_weights`.
    X : ndarray of uint8
        From `aligned`, in rows of whole cache lines; at least 4 samples per thread.
    y : ndarray of float64
        In C order, finite.
    n_used : int
        Columns of X that are not 0; the sums of the others may be left at 0.
    """
    n_features = X.shape[1]
    block_bytes = own_cache_bytes() // _CACHE_SHARE[_N_WORDS]
    n_rows = block_bytes // n_features // _FEWEST_ROWS * _FEWEST_ROWS
    n_rows = max(_FEWEST_ROWS, min(_MOST_ROWS, n_rows))
    result = np.empty(n_features)
    _add_together(call, limbs, unit, shift, X, y, n_used, n_rows, count_threads(), result)
    return result


def ready_limbs(call, X, y):
    """Compile the code for such data, with as few samples as it takes."""
    few = _STEP * count_threads()
    limbs = split_weights(np.zeros(X.shape[1]), 1)
    limbs_gradient(call, *limbs, 0.0, X[:few], y[:few], X.shape[1])
