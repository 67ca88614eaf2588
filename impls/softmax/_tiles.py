"""Tiles of the two products and the softmax between them, in vector instructions.

A tile keeps its sums in registers: some classes times some rows while features pass for the
logits, and some classes times some vectors of features while rows pass for the gradient. Tables are
given by the address of their first number and the bytes from one row to the next. `like` is any
array of the type that is computed in.

The logits of a block are class-major, so that the samples lie along the lanes of the softmax.
"""

import contextlib
from functools import partial

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from impls._onepass.exp import exp_of
from impls._onepass.vectors import (
    FUSE,
    I8,
    I64,
    LONG_VECTOR_BYTES,
    VECTOR_BYTES,
    compiles_for,
    convert,
    first_lanes,
    load,
    prefetch,
    shuffle,
    splat,
    store,
    sum_lanes,
    variables,
)

# 32 vector registers hold 24 sums, 16 hold 12.
_IS_LONG = compiles_for("avx512f")
_BYTES = LONG_VECTOR_BYTES if _IS_LONG else VECTOR_BYTES
MOST_CLASSES = 6 if _IS_LONG else 3  # of a tile
# Rows are a multiple of every tile and of a vector of logits.
ROWS_UNIT = 16


def rows_of(n_classes):
    """Rows of a tile of logits of so many classes."""
    return 8 if _IS_LONG and n_classes <= 3 else 4


def features_of(n_classes, n_bytes):
    """Features of a tile of the gradient, for numbers of `n_bytes`.

    Tiles of 3 and of 4 classes, which 7 classes need, have the same.
    """
    return (8 if _IS_LONG and n_classes <= 2 else 4) * _BYTES // n_bytes


class _Code:
    """What the tiles share: types, addresses, loads under a mask."""

    def __init__(self, context, b, dtype):
        self.b, self.n_bytes = b, dtype.bitwidth // 8
        self.element = context.get_data_type(dtype)
        self.lanes = _BYTES // self.n_bytes
        self.kind = ir.VectorType(self.element, self.lanes)

    def starts(self, first, step, n):
        """Pointers to the first number of `n` rows of a table."""
        return [self.after(first, self.b.mul(step, I64(k))) for k in range(n)]

    def after(self, first, n_bytes):
        return self.b.inttoptr(self.b.add(first, n_bytes), I8.as_pointer())

    def load(self, start, n_bytes, mask=None, kind=None):
        return load(self.b, self.b.gep(start, [n_bytes]), kind or self.kind, mask)

    def store(self, value, start, n_bytes, mask=None):
        store(self.b, value, self.b.gep(start, [n_bytes]), mask)

    def spread(self, start, n_bytes):
        """A vector of the number at a place."""
        here = self.b.bitcast(self.b.gep(start, [n_bytes]), self.element.as_pointer())
        return splat(self.b, self.b.load(here, align=self.n_bytes), self.lanes)

    def add_products(self, totals, left, right):
        """Add the product of each vector on the left with each on the right to the totals.

        Both are loaded by calls. The fewer ones stay in registers while the others pass.
        """
        n = len(right)
        if len(left) <= n:
            held = [load() for load in left]
            for k, load in enumerate(right):
                passing = load()
                for i, vector in enumerate(held):
                    self._add_product(totals[i * n + k], vector, passing)
        else:
            held = [load() for load in right]
            for i, load in enumerate(left):
                passing = load()
                for k, vector in enumerate(held):
                    self._add_product(totals[i * n + k], passing, vector)

    def _add_product(self, place, left, right):
        total = self.b.load(place)
        product = self.b.fmul(left, right, flags=FUSE)
        self.b.store(self.b.fadd(total, product, flags=FUSE), place)


class _Fetch:
    """Prefetches spread over the steps of a loop, as many lines at most for each.

    Prefetched all at once, lines come no earlier: only some two dozen are under way at a time. From
    memory, 784 features and 10 classes take 0.77 of the time without a prefetch if lines go to L1,
    and 0.9 if they go to L2 or L3 alone (one thread of a Zen 5).
    """

    def __init__(self, b, ahead, n_lines):
        self.b, self.n_lines = b, n_lines
        first, self.step = cgutils.unpack_tuple(b, ahead)
        self.starts = [
            b.inttoptr(
                b.add(first, b.sdiv(b.mul(self.step, I64(k)), I64(n_lines))), I8.as_pointer()
            )
            for k in range(n_lines)
        ]

    def append(self, i):
        """Append the prefetches of the i-th step."""
        for start in self.starts:
            prefetch(self.b, self.b.gep(start, [self.b.mul(i, self.step)]), level=1)


def _for_each_number(b, n_classes, build):
    """Append code for each number of classes that a tile may have, and the choice of one."""
    after = b.append_basic_block("after")
    branch = b.switch(n_classes, after)
    for number in range(1, MOST_CLASSES + 1):
        block = b.append_basic_block(f"classes_{number}")
        branch.add_case(I64(number), block)
        b.position_at_end(block)
        build(number)
        b.branch(after)
    b.position_at_end(after)


@intrinsic
def dot_tile(_context, like, n_classes, w, w_step, x, x_step, last, z, z_step, width, again, ahead):
    """Inner products of some classes with some rows: ``z = W x``, or added to z if `again`.

    Rows after the `last` one are replaced by it. For each vector of features, the tile prefetches
    ``ahead[1]`` bytes, in order from the address ``ahead[0]`` on.
    """

    def build(context, b, signature, arguments):
        code = _Code(context, b, signature.args[0].dtype)
        _for_each_number(b, arguments[1], lambda n: _build_dot_tile(code, n, *arguments[2:]))
        return context.get_dummy_value()

    i = types.intp
    return types.void(like, i, i, i, i, i, i, i, i, i, i, types.UniTuple(i, 2)), build


def _build_dot_tile(code, n_classes, w, w_step, x, x_step, last, z, z_step, width, again, ahead):
    b, n_rows = code.b, rows_of(n_classes)
    fetch = _Fetch(b, ahead, n_rows // 2)
    weights = code.starts(w, w_step, n_classes)
    rows = []
    for r in range(n_rows):
        real = b.select(b.icmp_signed("<", I64(r), last), I64(r), last)
        rows.append(code.after(x, b.mul(real, x_step)))
    totals = variables(b, code.kind, n_classes * n_rows)

    def add(place, mask):
        fetch.append(b.udiv(place, I64(_BYTES)))
        code.add_products(
            totals,
            [partial(code.load, start, place, mask) for start in weights],
            [partial(code.load, start, place, mask) for start in rows],
        )

    n_bytes, vector = b.mul(width, I64(code.n_bytes)), I64(_BYTES)
    rest = b.urem(n_bytes, vector)
    whole = b.sub(n_bytes, rest)
    with cgutils.for_range_slice(b, I64(0), whole, vector, I64) as (place, _):
        add(place, None)
    with b.if_then(b.icmp_unsigned(">", rest, I64(0))):
        add(whole, first_lanes(b, b.udiv(rest, I64(code.n_bytes)), code.lanes))
    is_new = b.icmp_unsigned("==", again, I64(0))
    for c, start in enumerate(code.starts(z, z_step, n_classes)):
        vectors = [b.load(total) for total in totals[c * n_rows : (c + 1) * n_rows]]
        (sums,) = sum_lanes(b, vectors, code.n_bytes)
        before = code.load(start, I64(0), kind=sums.type)
        before = b.select(is_new, ir.Constant(sums.type, None), before)
        code.store(b.fadd(before, sums), start, I64(0))


@intrinsic
def add_tile(
    _context,
    like,
    out,
    n_classes,
    g,
    g_step,
    r,
    r_step,
    x,
    x_step,
    n_rows,
    width,
    scale,
    again,
    ahead,
):
    """Rows times residuals times a number, ``g = scale r x``, or added to g if `again`.

    The sum is computed in the type of `like` and stored in that of `out`. The tile has
    `features_of` features if the `width` is as large; else it has half as many, and those after the
    `width` are left alone. For each row, the tile prefetches as `dot_tile` does.
    """

    def build(context, b, signature, arguments):
        code = _Code(context, b, signature.args[0].dtype)
        element = context.get_data_type(signature.args[1].dtype)
        out = ir.VectorType(element, code.lanes), signature.args[1].dtype.bitwidth // 8
        width = arguments[10]

        def build_both(n):
            is_whole = b.icmp_signed(">=", width, I64(features_of(n, code.n_bytes)))
            with b.if_else(is_whole) as (whole, part):
                with whole:
                    _build_add_tile(code, out, n, True, *arguments[3:])
                with part:
                    _build_add_tile(code, out, n, False, *arguments[3:])

        _for_each_number(b, arguments[2], build_both)
        return context.get_dummy_value()

    i = types.intp
    return types.void(like, out, *[i] * 9, types.float64, i, types.UniTuple(i, 2)), build


def _build_add_tile(
    code,
    out,
    n_classes,
    is_whole,
    g,
    g_step,
    r,
    r_step,
    x,
    x_step,
    n_rows,
    width,
    scale,
    again,
    ahead,
):
    b, (kind, n_bytes) = code.b, out
    n_vectors = features_of(n_classes, code.n_bytes) // code.lanes // (1 if is_whole else 2)
    fetch = _Fetch(b, ahead, n_vectors // 2)
    residuals = code.starts(r, r_step, n_classes)
    totals = variables(b, code.kind, n_classes * n_vectors)
    masks = [None] * n_vectors
    if not is_whole:
        for v in range(n_vectors):
            rest = b.sub(width, I64(v * code.lanes))
            rest = b.select(b.icmp_signed(">", rest, I64(0)), rest, I64(0))
            masks[v] = first_lanes(b, rest, code.lanes)
    with cgutils.for_range(b, n_rows, intp=I64) as loop:
        start = code.after(x, b.mul(loop.index, x_step))
        place = b.mul(loop.index, I64(code.n_bytes))
        fetch.append(loop.index)
        code.add_products(
            totals,
            [partial(code.spread, residual, place) for residual in residuals],
            [partial(code.load, start, I64(v * _BYTES), mask) for v, mask in enumerate(masks)],
        )
    scale = convert(b, splat(b, scale, code.lanes), kind)
    is_new = b.icmp_unsigned("==", again, I64(0))
    for c, start in enumerate(code.starts(g, g_step, n_classes)):
        for v, mask in enumerate(masks):
            place = I64(n_bytes * v * code.lanes)
            before = code.load(start, place, mask, kind)
            before = b.select(is_new, ir.Constant(kind, None), before)
            part = convert(b, b.load(totals[c * n_vectors + v]), kind)
            code.store(b.fadd(before, b.fmul(part, scale)), start, place, mask)


@intrinsic
def transpose(_context, like, x, x_step, t, t_step, n_rows, width):
    """Write rows as columns, ``t = x^T``; both are rounded up to whole vectors.

    Rows after the last one are copies of it; features after the last one are zeros.
    """

    def build(context, b, signature, arguments):
        _, x, x_step, t, t_step, n_rows, width = arguments
        code = _Code(context, b, signature.args[0].dtype)
        lanes, last = code.lanes, b.sub(n_rows, I64(1))
        with cgutils.for_range_slice(b, I64(0), n_rows, I64(lanes), I64) as (i, _):
            rows = []
            for r in range(lanes):
                row = b.add(i, I64(r))
                row = b.select(b.icmp_signed("<", row, last), row, last)
                rows.append(code.after(x, b.mul(row, x_step)))
            with cgutils.for_range_slice(b, I64(0), width, I64(lanes), I64) as (j, _):
                mask = first_lanes(b, b.sub(width, j), lanes)
                place = b.mul(j, I64(code.n_bytes))
                vectors = _exchange(b, [code.load(row, place, mask) for row in rows])
                corner = b.add(t, b.add(b.mul(j, t_step), b.mul(i, I64(code.n_bytes))))
                for vector, start in zip(vectors, code.starts(corner, t_step, lanes), strict=True):
                    code.store(vector, start, I64(0))
        return context.get_dummy_value()

    i = types.intp
    return types.void(like, i, i, i, i, i, i), build


def _exchange(b, vectors):
    """Vectors whose k-th has the k-th lane of each; as many as there are lanes."""
    lanes, vectors, distance = len(vectors), list(vectors), 1
    while distance < lanes:
        # Of two vectors so far apart, swap one's lanes so far up with the other's so far down.
        low = [k if not k & distance else lanes + k - distance for k in range(lanes)]
        high = [k + distance if not k & distance else lanes + k for k in range(lanes)]
        for k in range(lanes):
            if not k & distance:
                pair = vectors[k], vectors[k + distance]
                vectors[k] = shuffle(b, *pair, low)
                vectors[k + distance] = shuffle(b, *pair, high)
        distance *= 2
    return vectors


@intrinsic
def soften(_context, like, z, z_step, n_classes, n_rows, largest, total):
    """Turn logits into probabilities; store each row's largest logit and its sum of exps.

    The largest logit is subtracted, so that exp sees no positive number and the sum is at least 1.
    Two vectors of rows at a time hide each other's latency: `n_rows` is rounded up to as many.
    """

    def build(context, b, signature, arguments):
        _, z, z_step, n_classes, n_rows, largest, total = arguments
        code = _Code(context, b, signature.args[0].dtype)
        one = ir.Constant(code.kind, [1.0] * code.lanes)
        places = [I64(0), I64(_BYTES)]
        n_bytes = b.mul(n_rows, I64(code.n_bytes))
        with cgutils.for_range_slice(b, I64(0), n_bytes, I64(2 * _BYTES), I64) as (column, _):
            start, largest_start, total_start = (
                code.after(table, column) for table in (z, largest, total)
            )

            @contextlib.contextmanager
            def classes():
                with cgutils.for_range(b, n_classes, intp=I64) as loop:
                    row = b.gep(start, [b.mul(loop.index, z_step)])
                    yield row, [code.load(row, place) for place in places]

            largest_yet = [cgutils.alloca_once_value(b, code.load(start, at)) for at in places]
            with classes() as (_, logits):
                for yet, logit in zip(largest_yet, logits, strict=True):
                    most = b.load(yet)
                    b.store(b.select(b.fcmp_ordered(">", logit, most), logit, most), yet)
            most = [b.load(yet) for yet in largest_yet]
            totals = variables(b, code.kind, 2)
            with classes() as (row, logits):
                for place, logit, top, so_far in zip(places, logits, most, totals, strict=True):
                    value = exp_of(b, b.fsub(logit, top), may_be_positive=False)
                    code.store(value, row, place)
                    b.store(b.fadd(b.load(so_far), value), so_far)
            totals = [b.load(so_far) for so_far in totals]
            factors = [b.fdiv(one, value) for value in totals]
            with classes() as (row, values):
                for place, value, factor in zip(places, values, factors, strict=True):
                    code.store(b.fmul(value, factor), row, place)
            for place, top, value in zip(places, most, totals, strict=True):
                code.store(top, largest_start, place)
                code.store(value, total_start, place)
        return context.get_dummy_value()

    i = types.intp
    return types.void(like, i, i, i, i, i, i), build
