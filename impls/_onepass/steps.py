"""Loops over the features that read some rows and add others: the steps of a pass.

A step reads rows for their inner products with the weights and adds earlier rows, times their
residuals, to the gradient, vector by vector: both groups share each load of weights and gradient.
The tail of the features is masked.
"""

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from impls._onepass.tuning import tuning
from impls._onepass.vectors import (
    ELEMENTS,
    FUSE,
    I64,
    SUM,
    VECTOR_BYTES,
    Array,
    convert,
    count_lanes,
    first_lanes,
    keep,
    multiply_add,
    prefetch_lines,
    splat,
    store_sums,
)

_FEW = 4  # rows, each with a pointer in a register


def make_step(n_rows, reads=False, adds=False, from_memory=False):
    """Make a loop over the features that reads `n_rows` rows and adds as many.

    ``step(weights, X, first_read, first_added, gradient, z, to, of)`` stores the inner products of
    the rows from `first_read` on in ``z[to:]``, and adds the rows from `first_added` on, times
    ``z[of:]``, to the gradient. It computes in the type of z.

    Parameters
    ----------
    n_rows : int
        Rows that lie next to each other in a 2-D X. A 3-D X (n_rows, n, n_features) has distant
        parts: a step takes one row of each, and `first_read` and `first_added` count within a part.
    reads, adds : bool
        What the step does.
    from_memory : bool
        Whether to prefetch, and to use the vectors that suit memory.
    """

    does = reads, adds, from_memory

    @intrinsic
    def step(_context, weights, X, first_read, first_added, gradient, z, to, of):
        def build(context, b, signature, arguments):
            _Step(context, b, n_rows, does, signature.args, arguments).build()
            return context.get_dummy_value()

        places = types.intp, types.intp
        return types.void(weights, X, *places, gradient, z, *places), build

    return step


class _Step:
    """Builds a step."""

    def __init__(self, context, b, n_rows, does, kinds, arguments):
        self.b, self.n_rows, self.spread = b, n_rows, kinds[1].ndim == 3
        self.reads, self.adds, self.from_memory = does
        element, self.n_bytes, _ = ELEMENTS[kinds[5].dtype]
        longest = tuning().memory_vector_bytes if self.from_memory else VECTOR_BYTES
        lanes = count_lanes(kinds[1].dtype, kinds[5].dtype, longest)
        self.kind = ir.VectorType(element, lanes)
        exact = ir.VectorType(ELEMENTS[kinds[4].dtype][0], lanes)
        self.w, self.x, self.g, self.z = (
            Array(context, b, kinds[i], arguments[i], kind)
            for i, kind in ((0, self.kind), (1, self.kind), (4, exact), (5, self.kind))
        )
        self.apart = [
            I64(0),
            *(keep(b, b.mul(self.x.apart_values, I64(k))) for k in range(1, n_rows)),
        ]
        self.read, self.added = (
            self.x.address(b.mul(first, self.x.row_values)) for first in arguments[2:4]
        )
        self.to, of = arguments[6:]
        self.factors = [
            splat(b, b.load(self._number(of, k)), lanes) for k in range(n_rows * self.adds)
        ]

    def build(self):
        self._aim()
        width, n_sums = self.x.n_columns, self.n_rows * self.reads
        sums = _loop(self.b, width, self.kind, n_sums, self._pass_over)
        store_sums(self.b, sums, self._number(self.to, 0), self.n_bytes)

    def _number(self, place, k):
        return self.z.address(self.b.add(place, I64(k)))

    def _pass_over(self, j, sums, mask):
        """One vector of the features; returns the sums with its products."""
        if self.from_memory:
            self._prefetch(j)
        if self.reads:
            weight = self.w.load(self.w.data, j, mask)
            pairs = zip(self._load_rows(self.read, j, mask), sums, strict=True)
            sums = [multiply_add(self.b, row, weight, total, SUM) for row, total in pairs]
        if self.adds:
            self._add_rows(j, mask)
        return sums

    def _load_rows(self, start, j, mask):
        """One vector from each row. Up to 4 rows have a pointer each; with 8, registers run out, so
        one base pointer and shared offsets are used."""
        here = self.b.gep(start, [j])
        here = keep(self.b, here) if self.n_rows > _FEW else here
        return [self.x.load(here, distance, mask) for distance in self.apart]

    def _add_rows(self, j, mask):
        b, parts = self.b, [ir.Constant(self.kind, [0.0] * self.kind.count)] * 2
        rows = self._load_rows(self.added, j, mask)
        for k, (row, factor) in enumerate(zip(rows, self.factors, strict=True)):
            # Two accumulators: half the latency.
            parts[k % 2] = multiply_add(b, row, factor, parts[k % 2], (*FUSE, "nsz"))
        part = convert(b, b.fadd(*parts, flags=FUSE), self.g.kind)
        total = b.fadd(self.g.load(self.g.data, j, mask), part)
        self.g.store(total, self.g.data, j, mask)

    def _aim(self):
        """Where to prefetch: in the rows to come as they lie in memory; of distant parts, along."""
        b, x = self.b, self.x
        self.ahead = I64(tuning().prefetch_bytes // x.n_bytes)
        n_next = b.mul(x.n_columns, I64(2 * self.n_rows))
        is_far = b.icmp_unsigned(">", self.ahead, n_next)
        self.front = b.gep(self.read, [b.select(is_far, self.ahead, n_next)])

    def _prefetch(self, j):
        b, n_bytes = self.b, self.kind.count * self.x.n_bytes
        if self.spread:
            here = b.gep(self.read, [b.add(j, self.ahead)])
            for distance in self.apart:
                prefetch_lines(b, b.gep(here, [distance]), n_bytes)
        else:
            here = b.gep(self.front, [b.mul(j, I64(self.n_rows))])
            prefetch_lines(b, here, self.n_rows * n_bytes)


def _merge(b, kind, *ways):
    """Phi nodes that merge the sums of each (basic block, sums)."""
    merged = [b.phi(kind) for _ in ways[0][1]]
    for block, sums in ways:
        for node, value in zip(merged, sums, strict=True):
            node.add_incoming(value, block)
    return merged


def _loop(b, width, kind, n_sums, body):
    """Whole vectors of the features, then the tail under a mask; returns the sums."""
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
