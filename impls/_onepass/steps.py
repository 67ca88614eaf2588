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
    FUSE,
    I64,
    REORDER,
    VECTOR_BYTES,
    Array,
    count_lanes,
    for_vectors,
    keep,
    multiply_add,
    prefetch_lines,
    splat,
    store_sums,
    variables,
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
        element, self.n_bytes = context.get_data_type(kinds[5].dtype), kinds[5].dtype.bitwidth // 8
        longest = tuning().memory_vector_bytes if self.from_memory else VECTOR_BYTES
        lanes = count_lanes(kinds[1].dtype, kinds[5].dtype, longest)
        self.kind = ir.VectorType(element, lanes)
        exact = ir.VectorType(context.get_data_type(kinds[4].dtype), lanes)
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
        self.sums = variables(self.b, self.kind, self.n_rows * self.reads)
        for_vectors(self.b, self.x.n_columns, self.kind.count, self._pass_over)
        sums = [self.b.load(total) for total in self.sums]
        store_sums(self.b, sums, self._number(self.to, 0), self.n_bytes)

    def _number(self, place, k):
        return self.z.address(self.b.add(place, I64(k)))

    def _pass_over(self, j, mask):
        """One vector of the features."""
        if self.from_memory:
            self._prefetch(j)
        if self.reads:
            self._read_rows(j, mask)
        if self.adds:
            self._add_rows(j, mask)

    def _read_rows(self, j, mask):
        b, weight = self.b, self.w.load(self.w.data, j, mask)
        for row, total in zip(self._load_rows(self.read, j, mask), self.sums, strict=True):
            b.store(multiply_add(b, row, weight, b.load(total), REORDER), total)

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
        self.g.add(b.fadd(*parts, flags=FUSE), j, mask)

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
