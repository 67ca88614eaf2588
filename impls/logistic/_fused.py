"""One pass over X: rows are read for their inner products while earlier ones are added up.

The plain way, inner products of a block and then its sum, leaves memory idle while the block is
added from cache. Here one loop over the features does both, for different rows: it reads the rows
of a block from memory and adds those of an earlier block, which are still in cache. The residuals
of the block between them are computed meanwhile, all rows of it in one vector.

The loops are written as vector instructions (LLVM's, through numba), because LLVM itself vectorises
neither a loop of sums and a store together, nor exp.

Narrow rows, of up to 4 vectors, have code for each number of vectors, without a loop.

What keeps it from the roof, as measured on a core of 10 GB/s and 32 KB of first-level cache: inner
products alone reach it at any size. The second use of rows that no longer are in the first level
costs 3 to 5 %, weights and gradient that are not there 2 to 4 %: a line from the second level takes
one of the 12 places that lines from memory wait in. Of 4 rows, for each line that a plain read asks
for, 2.5 are asked for and 0.25 go back: X twice, weights and gradient once for 4. That is 0.9 of
the roof at 1,000 features in float64, 0.85 to 0.9 at 10,000.

Compiled functions that call each other stand in this one file: numba's cache on disk does not
notice that another file has changed.
"""

import functools
import math
from dataclasses import dataclass

import numpy as np
from llvmlite import ir
from numba import get_num_threads, njit, prange, types
from numba.core import cgutils
from numba.core.registry import cpu_target
from numba.extending import intrinsic, overload
from numba.np.arrayobj import make_array

from impls._machine import cache_bytes
from impls._measure import seconds_per_call

_I8, _I32, _I64 = ir.IntType(8), ir.IntType(32), ir.IntType(64)
_DOUBLE, _FLOAT = ir.DoubleType(), ir.FloatType()
# What an array holds, its bytes and LLVM's name. numba has no arrays of float16: their bits.
_ELEMENTS = {
    types.float64: (_DOUBLE, 8, "f64"),
    types.float32: (_FLOAT, 4, "f32"),
    types.uint16: (ir.HalfType(), 2, "f16"),
    types.uint8: (_I8, 1, "i8"),
}
# 64 bytes pay where arithmetic is the limit: 3 to 20 % in narrow rows, twice the speed in what has
# to be converted. Elsewhere they cost up to 15 %: lines are touched twice, the clock goes down.
_VECTOR_BYTES, _LONG_VECTOR_BYTES = 32, 64
_LINE_BYTES = 64
# More are no better, fewer are not there in time.
_BLOCKS_AHEAD, _NARROW_BYTES_AHEAD = 2, 2560
_NARROW = 4  # vectors of a row: up to so many, the loop over the features is written out
# Sums may be reordered and products fused; infinities and NaN keep their meaning.
_SUM, _FUSE = ("contract", "reassoc", "nsz"), ("contract",)
# 8 rows at a time share the weights and the gradient; 4 where they are long and far away, of which
# the processor follows so many streams. The residuals of 32 short rows are computed together: they
# take 130 cycles, and those of 8 rows hardly less. From afar it is 16 rows of more than 256 bytes:
# 3 blocks of them still fit in the first-level cache.
_STEP, _FAR_STEP, _HALF_BLOCK, _BLOCK = 8, 4, 16, 32
_SHORT_BYTES, _LONG_BYTES = 512, 8192
# Longer ones lie so far apart that the processor asks ahead itself.
_FOLLOWED_BYTES = 24_576
_PART_ROWS = 512  # that float32 adds up: 64 sums of 8 rows, whose rounding is some 2e-7
# Features of which float32 kernels copy the weights, once, and the sums, per thread: of more, that
# would take more than 8 KB a thread, and they are converted as they are read.
_MOST_COPIED = 1000
# Of float32, which take one thread as long as to convert and to add up the sums of two: 10,000
# features take 1.4 times as long by two threads if there are 10 rows, and the same from 20 on.
_CONVERTED_ROWS = 12
_ROOM = 3 * _BLOCK + 8  # a cache line between what two threads write


@dataclass(frozen=True)
class _Exp:
    """Numbers of exp in one type.

    Attributes
    ----------
    integer : ir.IntType
        As wide as the type.
    shift : int
        Bits of its fraction.
    least : float
        Whose exp is about the least normal number.
    log : tuple of float
        log(2) in two parts: the first has so few bits that its product with k is exact.
    n_terms : int
        Of the series.
    squared : bool
        Whether it is the square of exp of half the number, which reaches down to the least
        number that is not normal: in float64 nobody sees a difference.
    """

    integer: ir.IntType
    shift: int
    least: float
    log: tuple[float, float]
    n_terms: int
    squared: bool

    @property
    def magic(self):
        """Added to a number, rounds it to whole numbers in its lowest bits."""
        return 1.5 * 2.0**self.shift

    @property
    def terms(self):
        return [1 / math.factorial(n) for n in range(self.n_terms)]


_EXP = {
    types.float64: _Exp(_I64, 52, -708.0, (0.6931471803691238, 1.9082149292705877e-10), 14, False),
    types.float32: _Exp(_I32, 23, -87.0, (0.693145751953125, 1.428606765330187e-06), 8, True),
}


def _call(b, name, result, arguments, **options):
    kind = ir.FunctionType(result, [a.type for a in arguments])
    function = b.module.globals.get(name) or ir.Function(b.module, kind, name)
    return b.call(function, arguments, **options)


def _keep(b, value):
    """`value` in a register of its own: LLVM would compute it anew from others at every use."""
    kind = ir.FunctionType(value.type, [value.type])
    return b.asm(kind, "", "=r,0", [value], side_effect=False)


def _splat(b, value, lanes):
    """A vector that holds `value` in every lane."""
    empty = ir.Constant(ir.VectorType(value.type, lanes), ir.Undefined)
    return b.shuffle_vector(
        b.insert_element(empty, value, _I32(0)),
        empty,
        ir.Constant(ir.VectorType(_I32, lanes), [0] * lanes),
    )


def _convert(b, value, kind):
    """A vector in another type of as many lanes."""
    old, new = value.type.element, kind.element
    if old == new:
        return value
    if isinstance(old, ir.IntType):
        return _convert_levels(b, value, kind)
    sizes = {"half": 2, "float": 4, "double": 8}
    widen = sizes[str(new)] > sizes[str(old)]
    return b.fpext(value, kind) if widen else b.fptrunc(value, kind)


def _convert_levels(b, value, kind):
    """Bytes in doubles; by way of 64 bits where one instruction then does it, not two.

    LLVM shortens that way if it is told so: the bytes are spread, which it takes for what it is.
    """
    if not compiles_for("avx512dq"):
        return b.uitofp(value, kind)
    lanes = kind.count
    spread = [lanes] * (8 * lanes)
    spread[::8] = range(lanes)
    zeros = ir.Constant(value.type, [0] * lanes)
    order = ir.Constant(ir.VectorType(_I32, 8 * lanes), spread)
    wide = b.bitcast(b.shuffle_vector(value, zeros, order), ir.VectorType(_I64, lanes))
    return b.sitofp(wide, kind)


def _sum_lanes(b, vectors, n_bytes):
    """The sum of each vector's lanes of `n_bytes`, in order, in as few vectors as hold them.

    Neighbours are added first, of two vectors at a time and within 16 bytes, where a shuffle is
    cheap; then halves. 8 sums of 4 lanes take 18 instructions; one by one, 40.
    """
    if not vectors:
        return []
    lanes = vectors[0].type.count
    near = 16 // n_bytes
    even = [
        i + side
        for start in range(0, lanes, near)
        for side in (0, lanes)
        for i in range(start, start + near, 2)
    ]
    for _ in range(near.bit_length() - 1):
        pairs = zip(vectors[::2], vectors[1::2] or vectors, strict=True)
        vectors = [_add_shuffled(b, *pair, even, 1) for pair in pairs]
    part = lanes  # of a vector, of which the first half is still to be added to the second
    while part > near:
        lanes = vectors[0].type.count
        sides = (0, lanes) if len(vectors) > 1 else (0,)
        first = [
            side + start + i
            for side in sides
            for start in range(0, lanes, part)
            for i in range(part // 2)
        ]
        pairs = zip(vectors[::2], vectors[1::2] or vectors, strict=True)
        vectors = [_add_shuffled(b, *pair, first, part // 2) for pair in pairs]
        part //= 2
    return vectors


def _add_shuffled(b, left, right, order, distance):
    """``v[order] + v[order + distance]``, v being both vectors one after the other."""
    parts = [
        b.shuffle_vector(left, right, ir.Constant(ir.VectorType(_I32, len(order)), indices))
        for indices in (order, [i + distance for i in order])
    ]
    return b.fadd(*parts, flags=("reassoc",))


class _Array:
    """An array that a loop reads and writes in vectors of one type, whatever it stores."""

    def __init__(self, context, b, type_, value, kind):
        self.b, self.kind = b, kind
        array = make_array(type_)(context, b, value)
        self.element, self.n_bytes, self.name = _ELEMENTS[type_.dtype]
        self.data = b.bitcast(array.data, self.element.as_pointer())
        self.stored = ir.VectorType(self.element, kind.count)
        self.n_columns = cgutils.unpack_tuple(b, array.shape)[-1]

    def address(self, index):
        return self.b.gep(self.data, [index])

    def load(self, pointer, index, mask=None):
        """Vector from `index` after the pointer on; 0 where the mask is off."""
        at = self.b.bitcast(self.b.gep(pointer, [index]), self.stored.as_pointer())
        if mask is None:
            value = self.b.load(at, align=self.n_bytes)
        else:
            name = f"llvm.masked.load.v{self.kind.count}{self.name}.p0"
            blank = ir.Constant(self.stored, [0] * self.kind.count)
            value = _call(self.b, name, self.stored, [at, _I32(self.n_bytes), mask, blank])
        return _convert(self.b, value, self.kind)

    def store(self, value, pointer, index, mask=None):
        """Write a vector to `index` after the pointer, but not where the mask is off."""
        at = self.b.bitcast(self.b.gep(pointer, [index]), self.stored.as_pointer())
        value = _convert(self.b, value, self.stored)
        if mask is None:
            self.b.store(value, at, align=self.n_bytes)
        else:
            name = f"llvm.masked.store.v{self.kind.count}{self.name}.p0"
            _call(self.b, name, ir.VoidType(), [value, at, _I32(self.n_bytes), mask])


def compiles_for(feature):
    """Whether numba makes use of a feature of the processor; NUMBA_CPU_NAME can keep it from it."""
    return f"+{feature}" in cpu_target.target_context.codegen().magic_tuple()[2].split(",")


def _lanes(stored, computed, long):
    """Values of a vector, by the types of X and z."""
    long = (long and compiles_for("avx512f")) or _ELEMENTS[stored][1] <= 2
    return (_LONG_VECTOR_BYTES if long else _VECTOR_BYTES) // _ELEMENTS[computed][1]


def _most_narrow(stored, computed):
    """Features up to which rows are narrow: none where a mask is a jump for each value."""
    jumps = _ELEMENTS[stored][1] <= 2 and not compiles_for("avx512bw")
    return 0 if jumps else _NARROW * _lanes(stored, computed, long=True)


def _make_step(n_rows, reads=False, adds=False, prefetches=0, narrow=False):
    """A loop over the features, for `n_rows` rows that it reads and as many that it adds.

    ``step(weights, X, first_read, first_added, gradient, z, to, of)``: writes the inner products
    of the rows from `first_read` on to ``z[to:]``, and adds the rows from `first_added` on, times
    ``z[of:]``, to the gradient. It computes in the type of z. Rows ahead are asked for from the
    cache of level `prefetches`, if it is not 0.
    """

    @intrinsic
    def step(_context, weights, X, first_read, first_added, gradient, z, to, of):
        def build(context, b, signature, arguments):
            if narrow and not _most_narrow(X.dtype, z.dtype):
                return context.get_dummy_value()  # never called: not worth half a minute to compile
            element, n_bytes, _ = _ELEMENTS[z.dtype]
            lanes = _lanes(X.dtype, z.dtype, long=narrow)
            kind = ir.VectorType(element, lanes)
            w, x, g, r = (
                _Array(context, b, signature.args[i], arguments[i], kind) for i in (0, 1, 4, 5)
            )
            width = x.n_columns

            apart = [_I64(0), *(_keep(b, b.mul(width, _I64(k))) for k in range(1, n_rows))]

            def rows_from(first):
                return x.address(b.mul(first, width))

            def number(place, k):
                return b.gep(r.data, [b.add(place, _I64(k))])

            read, added = rows_from(arguments[2]), rows_from(arguments[3])
            factors = [
                _splat(b, b.load(number(arguments[7], k)), lanes) for k in range(n_rows * adds)
            ]

            def load_rows(start, j, mask):
                """Vectors of all rows: a pointer each, or where there are more rows than registers
                for that, one pointer and distances, which both groups share."""
                here = b.gep(start, [j])
                here = _keep(b, here) if n_rows > _FAR_STEP else here
                return [x.load(here, distance, mask) for distance in apart]

            def fetch(j):
                """Ask for rows ahead, line by line as they lie in memory."""
                blocks = _I64(0) if narrow else b.mul(width, _I64(_BLOCKS_AHEAD))
                at = b.gep(read, [b.mul(b.add(blocks, j), _I64(n_rows))])
                at = b.gep(b.bitcast(at, _I8.as_pointer()), [_I64(_NARROW_BYTES_AHEAD * narrow)])
                for line in range(0, n_rows * lanes * x.n_bytes, _LINE_BYTES):
                    arguments = [b.gep(at, [_I64(line)]), _I32(0), _I32(4 - prefetches), _I32(1)]
                    _call(b, "llvm.prefetch.p0", ir.VoidType(), arguments)

            def pass_over(j, sums, mask):
                if prefetches:
                    fetch(j)
                if reads:
                    weight = w.load(w.data, j, mask)
                    rows = load_rows(read, j, mask)
                    products = [b.fmul(row, weight, flags=_SUM) for row in rows]
                    sums = [b.fadd(*pair, flags=_SUM) for pair in zip(sums, products, strict=True)]
                if adds:
                    parts = [ir.Constant(kind, [0.0] * lanes)] * 2  # two chains: half the latency
                    rows = load_rows(added, j, mask)
                    for k, (row, factor) in enumerate(zip(rows, factors, strict=True)):
                        product = b.fmul(row, factor, flags=_FUSE)
                        parts[k % 2] = b.fadd(parts[k % 2], product, flags=(*_FUSE, "nsz"))
                    part = _convert(b, b.fadd(*parts, flags=_FUSE), ir.VectorType(g.element, lanes))
                    exact = _Array(context, b, gradient, arguments[4], part.type)
                    total = b.fadd(exact.load(g.data, j, mask), part)
                    exact.store(total, g.data, j, mask)
                return sums

            place, loop = arguments[6], _unrolled_loop if narrow else _loop
            for total in _sum_lanes(b, loop(b, width, kind, n_rows * reads, pass_over), n_bytes):
                at = b.bitcast(number(place, 0), total.type.as_pointer())
                b.store(total, at, align=n_bytes)
                place = b.add(place, _I64(total.type.count))
            return context.get_dummy_value()

        places = types.intp, types.intp
        return types.void(weights, X, *places, gradient, z, *places), build

    return step


def _merge(b, kind, *ways):
    """Phi nodes of the sums that come from each (block, sums)."""
    merged = [b.phi(kind) for _ in ways[0][1]]
    for block, sums in ways:
        for node, value in zip(merged, sums, strict=True):
            node.add_incoming(value, block)
    return merged


def _mask(b, rest, lanes):
    """On in the first `rest` lanes."""
    order = ir.Constant(ir.VectorType(_I64, lanes), list(range(lanes)))
    return b.icmp_unsigned("<", order, _splat(b, rest, lanes))


def _loop(b, width, kind, n_sums, body):
    """Whole vectors of the features, then the rest under a mask; returns the sums."""
    zero = ir.Constant(kind, [0.0] * kind.count)
    rest = b.urem(width, _I64(kind.count))
    whole = b.sub(width, rest)
    before = b.block
    loop, between, tail, after = map(b.append_basic_block, ("loop", "between", "tail", "after"))
    b.cbranch(b.icmp_unsigned(">", whole, _I64(0)), loop, between)
    b.position_at_end(loop)
    j = b.phi(_I64)
    j.add_incoming(_I64(0), before)
    running = _merge(b, kind, (before, [zero] * n_sums))
    sums = body(j, running, None)
    following = b.add(j, _I64(kind.count))
    j.add_incoming(following, b.block)
    for node, value in zip(running, sums, strict=True):
        node.add_incoming(value, b.block)
    end = b.block
    b.cbranch(b.icmp_unsigned("<", following, whole), loop, between)
    b.position_at_end(between)
    so_far = _merge(b, kind, (before, [zero] * n_sums), (end, sums))
    b.cbranch(b.icmp_unsigned(">", rest, _I64(0)), tail, after)
    b.position_at_end(tail)
    with_rest = body(whole, so_far, _mask(b, rest, kind.count))
    end = b.block
    b.branch(after)
    b.position_at_end(after)
    return _merge(b, kind, (between, so_far), (end, with_rest))


def _unrolled_loop(b, width, kind, n_sums, body):
    """As `_loop`, of 1 to `_NARROW` vectors: code for each number of them, the last one masked."""
    lanes = kind.count
    n_vectors = b.udiv(b.add(width, _I64(lanes - 1)), _I64(lanes))
    mask = _mask(b, b.sub(width, b.mul(b.sub(n_vectors, _I64(1)), _I64(lanes))), lanes)
    never, after = b.append_basic_block("never"), b.append_basic_block("after")
    switch = b.switch(n_vectors, never)
    ways = []
    for n in range(1, _NARROW + 1):
        block = b.append_basic_block(f"vectors_{n}")
        switch.add_case(_I64(n), block)
        b.position_at_end(block)
        sums = [ir.Constant(kind, [0.0] * lanes)] * n_sums
        for v in range(n):
            sums = body(_I64(v * lanes), sums, mask if v == n - 1 else None)
        ways.append((b.block, sums))
        b.branch(after)
    b.position_at_end(never)
    b.unreachable()
    b.position_at_end(after)
    return _merge(b, kind, *ways)


def _make_residuals(n_rows):
    """``residuals(z, at, y, i)``: turns ``z[at:]`` into ``sigmoid(z) - y[i:]``, in the type of z.

    exp(-|z|) is 2^k exp(r), k whole and |r| <= log(2) / 2, with the first terms of exp(r): 14 in
    float64, 8 in float32, of which the next is 4e-18 or 5e-9. Its error is below 1 unit in the last
    place, 3 in float32; in float64, what is less than exp(-708) is that. With s = sigmoid(-|z|) the
    residual is s - y or (1 - y) - s, so that small ones keep their digits at y = 1 as at y = 0.
    """

    @intrinsic
    def residuals(_context, z, at, y, i):
        def build(context, b, signature, arguments):
            exp = _EXP[z.dtype]
            kind = ir.VectorType(_ELEMENTS[z.dtype][0], n_rows)
            bits = ir.VectorType(exp.integer, n_rows)
            products = _Array(context, b, signature.args[0], arguments[0], kind)
            labels = _Array(context, b, signature.args[2], arguments[2], kind)

            def constant(value):
                return ir.Constant(kind, [value] * n_rows)

            def times_plus(p, q, s):
                return b.fadd(b.fmul(p, q, flags=_FUSE), s, flags=_FUSE)

            value = products.load(products.data, arguments[1])
            positive = b.fcmp_ordered(">=", value, constant(0.0))
            least = constant(exp.least)
            x = b.select(positive, b.fneg(value), value)
            if exp.squared:
                x = b.fmul(x, constant(0.5))
            x = b.select(b.fcmp_ordered("<", x, least), least, x)
            shifted = times_plus(x, constant(1 / math.log(2)), constant(exp.magic))
            k = b.fsub(shifted, constant(exp.magic))
            r = x
            for part in exp.log:
                r = times_plus(k, constant(-part), r)
            # 1 + (r + r^2 p): what p is rounded by hardly matters. p in two halves, of even and of
            # odd powers, which are computed at a time.
            square, halves = b.fmul(r, r, flags=_FUSE), []
            for terms in (exp.terms[2::2], exp.terms[3::2]):
                power = constant(terms[-1])
                for term in terms[-2::-1]:
                    power = times_plus(power, square, constant(term))
                halves.append(power)
            power = times_plus(square, times_plus(halves[1], r, halves[0]), r)
            power = b.fadd(power, constant(1.0), flags=_FUSE)
            exponent = b.shl(b.bitcast(shifted, bits), ir.Constant(bits, [exp.shift] * n_rows))
            decay = b.bitcast(b.add(b.bitcast(power, bits), exponent), kind)
            if exp.squared:
                decay = b.fmul(decay, decay)
            tail = b.fdiv(decay, b.fadd(constant(1.0), decay))
            label = labels.load(labels.data, arguments[3])
            above = b.fsub(b.fsub(constant(1.0), label), tail)
            residual = b.select(positive, above, b.fsub(tail, label))
            products.store(residual, products.data, arguments[1])
            return context.get_dummy_value()

        return types.void(z, types.intp, y, types.intp), build

    return residuals


_read_narrow = _make_step(_STEP, reads=True, narrow=True)
_add_narrow = _make_step(_STEP, adds=True, narrow=True)
_both_narrow = _make_step(_STEP, reads=True, adds=True, prefetches=1, narrow=True)
_read_eight, _add_eight = _make_step(_STEP, reads=True), _make_step(_STEP, adds=True)
_both_eight = _make_step(_STEP, reads=True, adds=True)
_both_eight_far = _make_step(_STEP, reads=True, adds=True, prefetches=1)
_read_four, _add_four = _make_step(_FAR_STEP, reads=True), _make_step(_FAR_STEP, adds=True)
_both_four = _make_step(_FAR_STEP, reads=True, adds=True)
_both_four_far = _make_step(_FAR_STEP, reads=True, adds=True, prefetches=2)
_read_two, _add_two = _make_step(2, reads=True), _make_step(2, adds=True)
_residuals_two = _make_residuals(2)
_read_one, _add_one = _make_step(1, reads=True), _make_step(1, adds=True)
_residuals_eight, _residuals_four = _make_residuals(_STEP), _make_residuals(_FAR_STEP)
_residuals_block, _residuals_half = _make_residuals(_BLOCK), _make_residuals(_HALF_BLOCK)
_residuals_one = _make_residuals(1)


@njit(nogil=True, cache=True)
def _move(part, total):
    """Add what has been added up in `part` to `total`, if it is an array of its own."""
    if part.itemsize != total.itemsize:
        for j in range(len(total)):
            total[j] += part[j]
            part[j] = 0


def _narrow_features(X, y):
    """Features up to which a row is narrow."""


@overload(_narrow_features)
def _count_narrow_features(X, y):
    most = _most_narrow(X.dtype, y.dtype)
    return lambda X, y: most


@njit(nogil=True, cache=True)
def _turn(z, at, y, i, n):
    """Turn `n` inner products, ``z[at:]``, into the residuals of the samples from `i` on."""
    if n == _BLOCK:
        _residuals_block(z, at, y, i)
    elif n == _HALF_BLOCK:
        _residuals_half(z, at, y, i)
    else:
        _residuals_eight(z, at, y, i)


@njit(nogil=True, cache=True)
def _add_eights(weights, X, y, start, stop, total, part, z, far, n):
    """Blocks of `n` rows, 8 at a time; returns the first row that is left over.

    A block's residuals are computed while the one before it is added.
    """
    step, narrow = _STEP, X.shape[1] <= _narrow_features(X, y)
    n_blocks = (stop - start) // n
    for k in range(n_blocks):
        i = start + k * n
        to, of = k % 3 * n, (k - 2) % 3 * n
        if k >= 1:
            _turn(z, (k - 1) % 3 * n, y, i - n, n)
        for m in range(0, n, step):
            if narrow and k < 2:
                _read_narrow(weights, X, i + m, 0, part, z, to + m, 0)
            elif narrow:
                _both_narrow(weights, X, i + m, i + m - 2 * n, part, z, to + m, of + m)
            elif k < 2:
                _read_eight(weights, X, i + m, 0, part, z, to + m, 0)
            elif far:
                _both_eight_far(weights, X, i + m, i + m - 2 * n, part, z, to + m, of + m)
            else:
                _both_eight(weights, X, i + m, i + m - 2 * n, part, z, to + m, of + m)
        if k > 1 and k % (_PART_ROWS // n) == 1:  # so many blocks are added: two are not yet
            _move(part, total)
    end = start + n_blocks * n
    if n_blocks:
        _turn(z, (n_blocks - 1) % 3 * n, y, end - n, n)
    for k in range(max(0, n_blocks - 2), n_blocks):
        for m in range(0, n, step):
            if narrow:
                _add_narrow(weights, X, 0, start + k * n + m, part, z, 0, k % 3 * n + m)
            else:
                _add_eight(weights, X, 0, start + k * n + m, part, z, 0, k % 3 * n + m)
    while end + step <= stop:
        _read_eight(weights, X, end, 0, part, z, 0, 0)
        _residuals_eight(z, 0, y, end)
        _add_eight(weights, X, 0, end, part, z, 0, 0)
        end += step
    return end


@njit(nogil=True, cache=True)
def _add_fours(weights, X, y, start, stop, total, part, z, far):
    """Blocks of `_FAR_STEP` rows; returns the first row that is left over."""
    n = _FAR_STEP
    n_blocks = (stop - start) // n
    for k in range(n_blocks):
        i = start + k * n
        to, of = k % 2 * n, (k - 1) % 2 * n
        if k >= 1:
            _residuals_four(z, of, y, i - n)
        if k == 0:
            _read_four(weights, X, i, 0, part, z, 0, 0)
        elif far:
            _both_four_far(weights, X, i, i - n, part, z, to, of)
        else:
            _both_four(weights, X, i, i - n, part, z, to, of)
        if k and k % (_PART_ROWS // n) == 0:
            _move(part, total)
    end = start + n_blocks * n
    if n_blocks:
        _residuals_four(z, (n_blocks - 1) % 2 * n, y, end - n)
        _add_four(weights, X, 0, end - n, part, z, 0, (n_blocks - 1) % 2 * n)
    return end


@njit(nogil=True, cache=True)
def _add_rows(weights, X, y, start, stop, total, part, z, far):
    """Add the terms of the samples ``start <= i < stop``; far: X comes from beyond the own cache.

    What comes from afar is asked for ahead: short rows into the first-level cache, and others,
    which would not stay there, into the second. Where X is near, that only costs time.

    `part` is `total` itself, or in float32 takes `_PART_ROWS` rows, and at the end some more,
    before they are added to it.
    """
    row_bytes = X.shape[1] * X.itemsize
    short = row_bytes < _SHORT_BYTES
    if short or (not far and row_bytes <= _LONG_BYTES):
        n = _BLOCK if short else _STEP
        if far and row_bytes > _SHORT_BYTES // 2:
            n = _HALF_BLOCK
        start = _add_eights(weights, X, y, start, stop, total, part, z, far, n)
    far = far and row_bytes <= _FOLLOWED_BYTES
    start = _add_fours(weights, X, y, start, stop, total, part, z, far)
    while start + 2 <= stop:
        _read_two(weights, X, start, 0, part, z, 0, 0)
        _residuals_two(z, 0, y, start)
        _add_two(weights, X, 0, start, part, z, 0, 0)
        start += 2
    for i in range(start, stop):
        _read_one(weights, X, i, 0, part, z, 0, 0)
        _residuals_one(z, 0, y, i)
        _add_one(weights, X, 0, i, part, z, 0, 0)
    _move(part, total)


def _part_of(total, weights):
    """Where rows are added up: in float32 like the weights, or in the total itself."""


@overload(_part_of)
def _choose_part(total, weights):
    if weights.dtype == total.dtype:
        return lambda total, weights: total
    return lambda total, weights: np.zeros(len(total), weights.dtype)


def _in_order(weights):
    """The weights next to each other in memory, a copy only where they are not."""


@overload(_in_order)
def _choose_order(weights):
    return (lambda weights: weights) if weights.layout == "C" else (lambda weights: weights.copy())


@njit(nogil=True, cache=True)
def _add_share(weights, X, y, own, n, n_shares, total):
    """Make `total` the sum over the n-th of `n_shares` shares; computed in the type of y.

    own : bytes of the cache that a core has for itself.
    """
    start, stop = n * len(X) // n_shares, (n + 1) * len(X) // n_shares
    total[:] = 0  # by the thread that adds: what another has written has to come from its cache
    part, z = _part_of(total, weights), np.empty(_ROOM, y.dtype)
    far = X.size * X.itemsize > n_shares * own
    _add_rows(_in_order(weights), X, y, start, stop, total, part, z, far)


@njit(nogil=True, cache=True)
def _copy_into(result, weights, y):
    """Weights of y's type in the first half of the result, which is written last."""
    near = result.view(y.dtype)[: len(weights)]
    _copy(weights, near)
    return near


@njit(nogil=True, cache=True)
def _copy(source, target):
    """In a loop, which becomes vectors: an assignment of another type does not."""
    for j in range(len(target)):
        target[j] = source[j]


@njit(nogil=True, cache=True)
def _add_up(result, totals):
    for share in range(len(totals)):
        total = totals[share]
        for j in range(len(result)):
            result[j] += total[j]


@njit(cache=True)
def _add_alone(weights, X, y, result):
    """Gradient by one thread, of an X that fits in its own cache."""
    _add_share(weights, X, y, X.size * X.itemsize, np.int64(0), np.int64(1), result)


@njit(cache=True)
def _add_few_alone(weights, X, y, result):
    """As `_add_alone`, of few samples in float32."""
    near, total = _copy_into(result, weights, y), np.empty(len(weights), y.dtype)
    _add_share(near, X, y, X.size * X.itemsize, np.int64(0), np.int64(1), total)
    _copy(total, result)


# Of the parallel transformations only the loop over threads: others would wake them for a sum.
_THREADS_ONLY = {"prange": True, "numpy": False, "inplace_binop": False}


@njit(parallel=_THREADS_ONLY, cache=True)
def _add_together(weights, X, y, own, n_shares, result):
    """Gradient, the samples shared out to threads; the first one's sum becomes the result.

    Sums are padded to whole cache lines and one more, so that no two threads write to one line.
    """
    n_features = len(result)
    others = np.empty((n_shares - 1, (n_features + 15) // 8 * 8))
    for share in prange(n_shares):
        n = np.int64(share)
        total = others[n - 1, :n_features] if n else result
        _add_share(weights, X, y, own, n, n_shares, total)
    _add_up(result, others)


@njit(parallel=_THREADS_ONLY, cache=True)
def _add_few_together(weights, X, y, own, n_shares, result):
    """As `_add_together`, of few samples in float32."""
    near, n_features = _copy_into(result, weights, y), len(result)
    totals = np.empty((n_shares, (n_features + 31) // 16 * 16), y.dtype)
    for share in prange(n_shares):
        n = np.int64(share)
        _add_share(near, X, y, own, n, n_shares, totals[n, :n_features])
    _copy(totals[0], result)
    _add_up(result, totals[1:])


@njit  # not kept on disk: numba cannot keep what asks for its threads
def _count_threads():
    return get_num_threads()


def fused_gradient(weights, X, y, n_samples=None):
    """``X^T (sigmoid(X w) - y)`` in one pass, in float64; rows are computed in the type of y.

    X holds float64, float32, the bits of float16 as uint16, or uint8, in C order; y float64 or
    float32; weights float64. Copies of float32 keep within 8 bytes for each feature and thread,
    and 8 KB for each thread. With `n_samples`, X is added in the way that so many samples take.
    """
    n_samples = n_samples or len(X)
    result = np.empty(len(weights))  # which costs half of what numba takes to return an array
    row_bytes = len(weights) * y.itemsize  # as computed: what is stored in fewer takes as long
    n_bytes = n_samples * row_bytes
    if n_bytes < _threads_pay_from() or (
        y.itemsize == 4
        and n_bytes <= _own_cache_bytes()
        and n_bytes - _CONVERTED_ROWS * row_bytes < _threads_pay_from()
    ):
        if y.itemsize == 8:
            _add_alone(weights, X, y, result)
        elif n_samples <= _PART_ROWS and len(weights) <= 2 * _MOST_COPIED:
            _add_few_alone(weights, X, y, result)
        else:
            _add_alone(_copied(weights, y), X, y, result)
        return result
    n_shares = _count_threads()
    if y.itemsize == 4 and n_samples <= n_shares * _PART_ROWS and n_shares > 1:
        _add_few_together(weights, X, y, _own_cache_bytes(), n_shares, result)
    else:
        _add_together(_copied(weights, y), X, y, _own_cache_bytes(), n_shares, result)
    return result


def _copied(weights, y):
    """The weights in y's type, or as they are where a copy would be too large."""
    return weights.astype(y.dtype, copy=False) if len(weights) <= _MOST_COPIED else weights


def ready(X, y):
    """X and y in C order, once threads are measured and the code for such data is made."""
    X, y = np.ascontiguousarray(X), np.ascontiguousarray(y)
    fused_gradient(np.zeros(X.shape[1]), X[:1], y[:1], len(X))
    return X, y


def near_bytes():
    """Bytes of X up to which the caches that the threads have for themselves hold it."""
    return _own_cache_bytes() * _count_threads()


@functools.cache
def _own_cache_bytes():
    """Bytes of the largest cache that a core has for itself."""
    caches = cache_bytes()
    return caches.get(2, min(caches.values()))


@functools.cache
def _threads_pay_from():
    """Bytes of X from which threads are faster than one, as measured here with 64 features."""
    own = _own_cache_bytes()
    n_bytes = 2**15
    # At most a quarter of it: where others keep the processors busy, threads seem never to pay.
    while n_bytes < own // 4 and not _threads_pay(n_bytes // 512, own):
        n_bytes *= 2
    return n_bytes


def _threads_pay(n_samples, own):
    X, y = np.zeros((n_samples, 64)), np.zeros(n_samples)
    weights, result, n_threads = np.zeros(64), np.empty(64), _count_threads()
    alone, together = _seconds_in_turn(
        lambda: _add_alone(weights, X, y, result),
        lambda: _add_together(weights, X, y, own, n_threads, result),
    )
    return together < alone


def _seconds_in_turn(*calls):
    """Median seconds of each call, 20 in a row: waiting threads slow down who does not use them.

    `_measure.median_seconds` is more exact, but takes 0.1 s for each size: 16 times as long.
    """
    return np.median(
        [[min(seconds_per_call(call, 20) for _ in range(2)) for call in calls] for _ in range(9)],
        axis=0,
    )
