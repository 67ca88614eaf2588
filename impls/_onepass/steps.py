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


def make_step(n_rows, reads=False, adds=False):
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
        What the step does. One that does both reads from memory: it prefetches, and uses the
        vectors that suit memory.
    """

    @intrinsic
    def step(_context, weights, X, first_read, first_added, gradient, z, to, of):
        def build(context, b, signature, arguments):
            element, n_bytes, _ = ELEMENTS[z.dtype]
            from_memory = reads and adds
            longest = tuning().memory_vector_bytes if from_memory else VECTOR_BYTES
            lanes = count_lanes(X.dtype, z.dtype, longest)
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
                """One vector from each row. Up to 4 rows have a pointer each; with 8, registers run
                out, so one base pointer and shared offsets are used."""
                here = b.gep(start, [j])
                here = keep(b, here) if n_rows > _FEW else here
                return [x.load(here, distance, mask) for distance in apart]

            n_ahead = I64(tuning().prefetch_bytes // x.n_bytes)
            n_next = b.mul(width, I64(2 * n_rows))
            front = b.gep(read, [b.select(b.icmp_unsigned(">", n_ahead, n_next), n_ahead, n_next)])

            def fetch(j):
                """Prefetch the rows to come as they lie in memory; of distant parts, each row."""
                if X.ndim == 3:
                    here = b.gep(read, [b.add(j, n_ahead)])
                    for distance in apart:
                        prefetch_lines(b, b.gep(here, [distance]), lanes * x.n_bytes, 2)
                else:
                    here = b.gep(front, [b.mul(j, I64(n_rows))])
                    prefetch_lines(b, here, n_rows * lanes * x.n_bytes, 2)

            def add_rows(j, mask):
                parts = [zero] * 2  # two accumulators: half the latency
                rows = load_rows(added, j, mask)
                for k, (row, factor) in enumerate(zip(rows, factors, strict=True)):
                    parts[k % 2] = multiply_add(b, row, factor, parts[k % 2], (*FUSE, "nsz"))
                part = convert(b, b.fadd(*parts, flags=FUSE), ir.VectorType(g.element, lanes))
                exact = Array(context, b, gradient, arguments[4], part.type)
                total = b.fadd(exact.load(g.data, j, mask), part)
                exact.store(total, g.data, j, mask)

            def pass_over(j, sums, mask):
                if from_memory:
                    fetch(j)
                if reads:
                    weight = w.load(w.data, j, mask)
                    rows = load_rows(read, j, mask)
                    pairs = zip(rows, sums, strict=True)
                    sums = [multiply_add(b, row, weight, total, SUM) for row, total in pairs]
                if adds:
                    add_rows(j, mask)
                return sums

            sums = _loop(b, width, kind, n_rows * reads, pass_over)
            store_sums(b, sums, number(arguments[6], 0), n_bytes)
            return context.get_dummy_value()

        places = types.intp, types.intp
        return types.void(weights, X, *places, gradient, z, *places), build

    return step


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
