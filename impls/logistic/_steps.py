"""Loops over the features, for some rows at a time, and residuals, for some samples at a time.

Narrow rows, of up to 4 vectors, have code for each number of vectors, without a loop.

numba's cache on disk does not notice a change here: `_fused` and `_digits` name a digest of it.
"""

import math
from dataclasses import dataclass

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from impls.logistic._tuning import Ahead, tuning
from impls.logistic._vectors import (
    ELEMENTS,
    FUSE,
    I8,
    I32,
    I64,
    LINE_BYTES,
    SUM,
    Array,
    ask_for,
    compiles_for,
    convert,
    first_lanes,
    keep,
    masks_levels,
    shuffle,
    splat,
    sum_lanes,
)

# 64 bytes pay where arithmetic is the limit: 3 to 20 % in narrow rows, twice the speed in what has
# to be converted.
_VECTOR_BYTES, _LONG_VECTOR_BYTES = 32, 64
_NARROW = 4  # vectors of a row: up to so many, the loop over the features is written out
_FEW = 4  # rows, of which each has a register for its address
_MOST_PARTS = 8  # of X, of which a step takes a row each


def _lanes(stored, computed, n_bytes):
    """Values of a vector of `n_bytes` at most, by the types of X and z."""
    if ELEMENTS[stored][1] <= 2:
        n_bytes = _LONG_VECTOR_BYTES
    elif not compiles_for("avx512f"):
        n_bytes = _VECTOR_BYTES
    return n_bytes // ELEMENTS[computed][1]


def most_narrow(stored, computed):
    """Features up to which rows are narrow: none where a mask is a jump for each value."""
    jumps = ELEMENTS[stored][1] <= 2 and not masks_levels()
    return 0 if jumps else _NARROW * _lanes(stored, computed, _LONG_VECTOR_BYTES)


def _look_ahead(n_rows, far, narrow, spread):
    """What a step asks for."""
    if narrow:
        return Ahead(level=0) if spread else tuning().narrow
    if not far:
        return Ahead(level=0)
    return tuning().eight if n_rows > _FEW else tuning().four


def make_step(n_rows, reads=False, adds=False, far=False, narrow=False):
    """A loop over the features, for `n_rows` rows that it reads and as many that it adds.

    ``step(weights, X, first_read, first_added, gradient, z, to, of)``: writes the inner products
    of the rows from `first_read` on to ``z[to:]``, and adds the rows from `first_added` on, times
    ``z[of:]``, to the gradient. It computes in the type of z. Rows from afar are asked for ahead,
    and so are narrow ones that are read and added.

    Of an X of two dimensions these rows are next to each other; of three, (n_rows, n, n_features),
    one from each of its parts, and `first_read` and `first_added` count within those.
    """

    @intrinsic
    def step(_context, weights, X, first_read, first_added, gradient, z, to, of):
        def build(context, b, signature, arguments):
            if narrow and not most_narrow(X.dtype, z.dtype):
                return context.get_dummy_value()  # never called: not worth half a minute to compile
            element, n_bytes, _ = ELEMENTS[z.dtype]
            spread, longest = X.ndim == 3, _VECTOR_BYTES
            ahead = _look_ahead(n_rows, far, narrow and reads and adds, spread)
            if narrow:
                longest = _LONG_VECTOR_BYTES
            elif far:
                longest = tuning().far_vector_bytes
            lanes = _lanes(X.dtype, z.dtype, longest)
            kind = ir.VectorType(element, lanes)
            zero = ir.Constant(kind, [0.0] * lanes)
            w, x, g, r = (
                Array(context, b, signature.args[i], arguments[i], kind) for i in (0, 1, 4, 5)
            )
            width = x.n_columns

            apart = [I64(0), *(keep(b, b.mul(x.apart_values, I64(k))) for k in range(1, n_rows))]

            def rows_from(first):
                return x.address(b.mul(first, x.row_values))

            def number(place, k):
                return b.gep(r.data, [b.add(place, I64(k))])

            read, added = rows_from(arguments[2]), rows_from(arguments[3])
            factors = [
                splat(b, b.load(number(arguments[7], k)), lanes) for k in range(n_rows * adds)
            ]

            def load_rows(start, j, mask):
                """Vectors of all rows: a pointer each, or where there are more rows than registers
                for that, one pointer and distances, which both groups share."""
                here = b.gep(start, [j])
                here = keep(b, here) if n_rows > _FEW else here
                return [x.load(here, distance, mask) for distance in apart]

            n_ahead = b.mul(width, I64(ahead.n_blocks * n_rows))
            least = I64(ahead.n_bytes // x.n_bytes)
            n_ahead = b.select(b.icmp_unsigned(">", n_ahead, least), n_ahead, least)
            front = b.gep(read, [n_ahead])

            def fetch(j):
                """Ask for what comes, line by line: rows as they lie in memory, or each along
                itself."""
                if spread or (ahead.along and x.n_bytes >= 4):
                    here = b.gep(read, [b.add(j, I64(ahead.n_bytes // x.n_bytes))])
                    starts, n_rows_each = [b.gep(here, [distance]) for distance in apart], 1
                else:
                    starts, n_rows_each = [b.gep(front, [b.mul(j, I64(n_rows))])], n_rows
                for start in starts:
                    at = b.bitcast(start, I8.as_pointer())
                    for line in range(0, n_rows_each * lanes * x.n_bytes, LINE_BYTES):
                        ask_for(b, b.gep(at, [I64(line)]), ahead.level)

            def add_product(value, weight, total):
                return b.fadd(total, b.fmul(value, weight, flags=SUM), flags=SUM)

            def add_rows(j, mask):
                parts = [zero] * 2  # two chains: half the latency
                rows = load_rows(added, j, mask)
                for k, (row, factor) in enumerate(zip(rows, factors, strict=True)):
                    product = b.fmul(row, factor, flags=FUSE)
                    parts[k % 2] = b.fadd(parts[k % 2], product, flags=(*FUSE, "nsz"))
                part = convert(b, b.fadd(*parts, flags=FUSE), ir.VectorType(g.element, lanes))
                exact = Array(context, b, gradient, arguments[4], part.type)
                mask = None if narrow else mask
                total = b.fadd(exact.load(g.data, j, mask), part)
                exact.store(total, g.data, j, mask)

            def pass_over(j, sums, mask):
                if ahead.level:
                    fetch(j)
                if reads:
                    weight = w.load(w.data, j, mask)
                    rows = load_rows(read, j, mask)
                    sums = [add_product(row, weight, s) for row, s in zip(rows, sums, strict=True)]
                if adds:
                    add_rows(j, mask)
                return sums

            def pass_over_narrow(vectors):
                """Row by row, as they lie in memory: 1.05 to 1.2x from memory."""
                sums = []
                if ahead.level:
                    for j, _ in vectors:
                        fetch(j)
                if reads:
                    near = [w.load(w.data, j, mask) for j, mask in vectors]
                    for distance in apart:
                        row, total = keep(b, b.gep(read, [distance])), zero
                        for (j, mask), weight in zip(vectors, near, strict=True):
                            total = add_product(x.load(row, j, mask), weight, total)
                        sums.append(total)
                if adds:
                    for j, mask in vectors:
                        add_rows(j, mask)
                return sums

            if narrow:
                sums = _unrolled(b, width, kind, pass_over_narrow)
            else:
                sums = _loop(b, width, kind, n_rows * reads, pass_over)
            place = arguments[6]
            for total in sum_lanes(b, sums, n_bytes):
                at = b.bitcast(number(place, 0), total.type.as_pointer())
                b.store(total, at, align=n_bytes)
                place = b.add(place, I64(total.type.count))
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


def _loop(b, width, kind, n_sums, body):
    """Whole vectors of the features, then the rest under a mask; returns the sums."""
    zero = ir.Constant(kind, [0.0] * kind.count)
    rest = b.urem(width, I64(kind.count))
    whole = b.sub(width, rest)
    before = b.block
    loop, between, tail, after = map(b.append_basic_block, ("loop", "between", "tail", "after"))
    b.cbranch(b.icmp_unsigned(">", whole, I64(0)), loop, between)
    b.position_at_end(loop)
    j = b.phi(I64)
    j.add_incoming(I64(0), before)
    running = _merge(b, kind, (before, [zero] * n_sums))
    sums = body(j, running, None)
    following = b.add(j, I64(kind.count))
    j.add_incoming(following, b.block)
    for node, value in zip(running, sums, strict=True):
        node.add_incoming(value, b.block)
    end = b.block
    b.cbranch(b.icmp_unsigned("<", following, whole), loop, between)
    b.position_at_end(between)
    so_far = _merge(b, kind, (before, [zero] * n_sums), (end, sums))
    b.cbranch(b.icmp_unsigned(">", rest, I64(0)), tail, after)
    b.position_at_end(tail)
    with_rest = body(whole, so_far, first_lanes(b, rest, kind.count))
    end = b.block
    b.branch(after)
    b.position_at_end(after)
    return _merge(b, kind, (between, so_far), (end, with_rest))


def _unrolled(b, width, kind, body):
    """As `_loop`, of 1 to `_NARROW` vectors: code for each number of them, the last one masked.

    body : function
        Of pairs (index, mask), one for each vector.
    """
    lanes = kind.count
    n_vectors = b.udiv(b.add(width, I64(lanes - 1)), I64(lanes))
    mask = first_lanes(b, b.sub(width, b.mul(b.sub(n_vectors, I64(1)), I64(lanes))), lanes)
    never, after = b.append_basic_block("never"), b.append_basic_block("after")
    switch = b.switch(n_vectors, never)
    ways = []
    for n in range(1, _NARROW + 1):
        block = b.append_basic_block(f"vectors_{n}")
        switch.add_case(I64(n), block)
        b.position_at_end(block)
        sums = body([(I64(v * lanes), mask if v == n - 1 else None) for v in range(n)])
        ways.append((b.block, sums))
        b.branch(after)
    b.position_at_end(never)
    b.unreachable()
    b.position_at_end(after)
    return _merge(b, kind, *ways)


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
    types.float64: _Exp(I64, 52, -708.0, (0.6931471803691238, 1.9082149292705877e-10), 14, False),
    types.float32: _Exp(I32, 23, -87.0, (0.693145751953125, 1.428606765330187e-06), 8, True),
}


def make_residuals(n_rows):
    """``residuals(z, at, y, i)``: turns ``z[at:]`` into ``sigmoid(z) - y[i:]``, in the type of z.

    Of a y of two dimensions, the samples of its parts in turn: ``y[:, i]``, ``y[:, i + 1]``.

    exp(-|z|) is 2^k exp(r), k whole and |r| <= log(2) / 2, with the first terms of exp(r): 14 in
    float64, 8 in float32, of which the next is 4e-18 or 5e-9. Its error is below 1 unit in the last
    place, 3 in float32; in float64, what is less than exp(-708) is that. With s = sigmoid(-|z|) the
    residual is s - y or (1 - y) - s, so that small ones keep their digits at y = 1 as at y = 0.
    """

    @intrinsic
    def residuals(_context, z, at, y, i):
        def build(context, b, signature, arguments):
            exp = _EXP[z.dtype]
            kind = ir.VectorType(ELEMENTS[z.dtype][0], n_rows)
            bits = ir.VectorType(exp.integer, n_rows)
            products = Array(context, b, signature.args[0], arguments[0], kind)
            labels = Array(context, b, signature.args[2], arguments[2], kind)

            def constant(value):
                return ir.Constant(kind, [value] * n_rows)

            def times_plus(p, q, s):
                return b.fadd(b.fmul(p, q, flags=FUSE), s, flags=FUSE)

            def gather():
                """Labels of the parts in turn, of which a vector each is read, one after the other.

                To take what is in even places, and then what is in odd ones, moves the last bit of
                a place to the front: the bits of the sample, until those of the part are last.
                """
                n_parts = min(n_rows, _MOST_PARTS)
                some = ir.VectorType(kind.element, n_rows // n_parts)

                def load_part(k):
                    at = b.add(arguments[3], b.mul(labels.apart_values, I64(k)))
                    start = b.bitcast(labels.address(at), some.as_pointer())
                    return b.load(start, align=labels.n_bytes)

                vectors = [load_part(k) for k in range(n_parts)]
                while len(vectors) > 1:
                    in_order = [*range(2 * vectors[0].type.count)]
                    pairs = zip(vectors[::2], vectors[1::2], strict=True)
                    vectors = [shuffle(b, left, right, in_order) for left, right in pairs]
                values, even_first = vectors[0], [*range(0, n_rows, 2), *range(1, n_rows, 2)]
                for _ in range(some.count.bit_length() - 1):
                    values = shuffle(b, values, values, even_first)
                return values

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
            square, halves = b.fmul(r, r, flags=FUSE), []
            for terms in (exp.terms[2::2], exp.terms[3::2]):
                power = constant(terms[-1])
                for term in terms[-2::-1]:
                    power = times_plus(power, square, constant(term))
                halves.append(power)
            power = times_plus(square, times_plus(halves[1], r, halves[0]), r)
            power = b.fadd(power, constant(1.0), flags=FUSE)
            exponent = b.shl(b.bitcast(shifted, bits), ir.Constant(bits, [exp.shift] * n_rows))
            decay = b.bitcast(b.add(b.bitcast(power, bits), exponent), kind)
            if exp.squared:
                decay = b.fmul(decay, decay)
            tail = b.fdiv(decay, b.fadd(constant(1.0), decay))
            label = labels.load(labels.data, arguments[3]) if y.ndim == 1 else gather()
            above = b.fsub(b.fsub(constant(1.0), label), tail)
            residual = b.select(positive, above, b.fsub(tail, label))
            products.store(residual, products.data, arguments[1])
            return context.get_dummy_value()

        return types.void(z, types.intp, y, types.intp), build

    return residuals
