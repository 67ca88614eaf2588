"""The loop for rows of up to 4 vectors, which keeps weights and sums in registers.

It is a software pipeline of three stages. An iteration reads 8 rows for their inner products, and
adds 8 rows that were read some iterations ago; in between, the residuals of 4 iterations are
computed together (of one, where rows are taken from distant parts). No stage waits for another of
the same iteration. The last vector of a row overlaps the one before it, so that no tail needs a
mask.
"""

import itertools

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic

from impls._onepass.terms import call_terms
from impls._onepass.tuning import tuning
from impls._onepass.vectors import (
    FUSE,
    I64,
    LONG_VECTOR_BYTES,
    REORDER,
    Array,
    count_lanes,
    first_lanes,
    keep,
    masks_levels,
    multiply_add,
    prefetch_lines,
    splat,
    store_sums,
    variables,
)

STEP = 8  # rows of a step
_MOST_VECTORS = 4
_TURNED_STEPS = 4  # steps whose residuals are computed together, where X is read as it lies
# Rows that float32 adds up before the sum moves to the total: 64 sums of 8 rows, which round by
# some 2e-7.
PART_ROWS = 512
_PART_STEPS = PART_ROWS // STEP


def narrow_features(stored, computed):
    """Fewest and most features of narrow rows, by the types of X and y.

    Where values of 1 or 2 bytes cannot be masked, a row has at least one whole vector.
    """
    lanes = count_lanes(stored, computed, LONG_VECTOR_BYTES)
    masked = stored.bitwidth > 16 or masks_levels()
    return 1 if masked else lanes, _MOST_VECTORS * lanes


def _turned_steps():
    """Steps whose residuals are computed together: one where each comes from another part."""
    return _TURNED_STEPS if tuning().parts == 1 else 1


def _n_slots():
    """Buffers for the inner products and residuals of a step; a power of 2."""
    return max(4, 2 * _turned_steps())


@intrinsic
def add_narrow(_context, terms, weights, X, y, start, n_rounds, total):
    """Add the terms of the samples from `start` on to `total`, computed in the type of y.

    The samples are `parts` parts (see `Tuning`) of `n_rounds` steps each, which follow each
    other in memory; a round takes one step from each part.
    """

    def build(context, b, signature, arguments):
        _Narrow(context, b, arguments[0], signature.args[1:], arguments[1:]).build()
        return context.get_dummy_value()

    return types.void(terms, weights, X, y, types.intp, types.intp, total), build


class _Narrow:
    """Builds the loop, once for each number of vectors in a row."""

    def __init__(self, context, b, terms, kinds, arguments):
        self.terms = terms
        self.b, self.stored, self.dtype = b, kinds[1].dtype, kinds[2].dtype
        element, self.n_bytes = context.get_data_type(self.dtype), self.dtype.bitwidth // 8
        lanes = count_lanes(self.stored, self.dtype, LONG_VECTOR_BYTES)
        self.kind, self.samples = ir.VectorType(element, lanes), ir.VectorType(element, STEP)
        exact = ir.VectorType(context.get_data_type(kinds[5].dtype), lanes)
        arrays = ((0, self.kind), (1, self.kind), (2, self.samples), (5, exact))
        self.weights, self.x, self.labels, self.total = (
            Array(context, b, kinds[i], arguments[i], kind) for i, kind in arrays
        )
        self.start, self.n_rounds = arguments[3:5]
        self.zero = ir.Constant(self.kind, [0.0] * lanes)
        self.sums = variables(b, self.kind, _MOST_VECTORS)
        self.slots = cgutils.alloca_once(b, ir.ArrayType(self.samples, _n_slots()))

    def build(self):
        """Code for rows of 1 to 4 vectors, and of part of one; a switch chooses before the loop."""
        b, width, lanes = self.b, self.x.n_columns, self.kind.count
        n_vectors = b.udiv(b.add(width, I64(lanes - 1)), I64(lanes))
        below = b.icmp_unsigned("<", width, I64(lanes))
        after = b.append_basic_block("after")
        switch = b.switch(b.select(below, I64(0), n_vectors), after)
        least, _ = narrow_features(self.stored, self.dtype)
        for n in range(least > 1, _MOST_VECTORS + 1):
            block = b.append_basic_block(f"vectors_{n}")
            switch.add_case(I64(n), block)
            b.position_at_end(block)
            self._start(n)
            self._loop()
            self._move()
            b.branch(after)
        b.position_at_end(after)

    def _start(self, n):
        """Load the weights, in `n` vectors or part of one, and zero the sums."""
        b, width, lanes = self.b, self.x.n_columns, self.kind.count
        self.mask, self.places = None, [I64(v * lanes) for v in range(n - 1)]
        if n:
            self.places.append(b.sub(width, I64(lanes)))
            self.fresh = b.not_(first_lanes(b, b.sub(I64(n * lanes), width), lanes))
        else:
            self.places.append(I64(0))
            self.fresh = self.mask = first_lanes(b, width, lanes)
        self.loaded = [self.weights.load(self.weights.data, at, self.mask) for at in self.places]
        self.loaded[-1] = b.select(self.fresh, self.loaded[-1], self.zero)
        for total in self.sums:
            b.store(self.zero, total)

    def _loop(self):
        """The pipeline, with so many iterations more than there are steps that it drains."""
        b, n_turned = self.b, _turned_steps()
        n_steps = b.mul(self.n_rounds, I64(tuning().parts))
        lag = I64(n_turned + 1)
        with cgutils.for_range(b, b.add(n_steps, lag)) as loop:
            i = loop.index
            with b.if_then(b.icmp_unsigned("<", i, n_steps)):
                self._read(i)
            begin = b.mul(b.udiv(b.sub(i, I64(1)), I64(n_turned)), I64(n_turned))
            n = b.sub(i, begin)
            full = b.icmp_unsigned("==", n, I64(n_turned))
            whole = b.and_(b.icmp_unsigned("<", i, n_steps), full)
            due = b.or_(whole, b.icmp_unsigned("==", i, n_steps))
            with b.if_then(b.and_(due, b.icmp_unsigned(">", i, I64(0)))):
                self._turn(begin, n)
            with b.if_then(b.icmp_unsigned(">=", i, lag)):
                self._add(b.sub(i, lag))

    def _slot(self, i):
        return self.b.gep(self.slots, [I64(0), self.b.urem(i, I64(_n_slots()))])

    def _first(self, i):
        """First row of a step; parts are taken in turn."""
        b, n_parts = self.b, I64(tuning().parts)
        part_rows = b.mul(self.n_rounds, I64(STEP))
        row = b.add(b.mul(b.urem(i, n_parts), part_rows), b.mul(b.udiv(i, n_parts), I64(STEP)))
        return b.add(self.start, row)

    def _row(self, i):
        return self.x.address(self.b.mul(i, self.x.row_values))

    def _rows(self, first):
        """Vectors of each row of a step; a row's last vector ends where the next row begins."""
        b = self.b
        rows = [self._row(first)]
        for _ in range(STEP):
            rows.append(keep(b, b.gep(rows[-1], [self.x.row_values])))
        for row, following in itertools.pairwise(rows):
            if self.mask:
                yield [self.x.load(row, I64(0), self.mask)]
            else:
                whole = [self.x.load(row, at) for at in self.places[:-1]]
                yield [*whole, self.x.load(following, I64(-self.kind.count))]

    def _read(self, i):
        """Stage 1: inner products, row by row as they lie in memory."""
        b, products, first = self.b, [], self._first(i)
        self._prefetch(first)
        for row in self._rows(first):
            product = self.zero
            for value, weight in zip(row, self.loaded, strict=True):
                product = multiply_add(b, value, weight, product, REORDER)
            products.append(product)
        place = b.bitcast(self._slot(i), self.kind.element.as_pointer())
        store_sums(b, products, place, self.n_bytes)

    def _prefetch(self, first):
        """Prefetch as many lines as a step has, ahead in its part."""
        b = self.b
        front = b.gep(self._row(first), [I64(tuning().prefetch_bytes // self.x.n_bytes)])
        n_bytes = STEP * len(self.places) * self.kind.count * self.x.n_bytes
        prefetch_lines(b, front, n_bytes)

    def _turn(self, i, n):
        """Stage 2: inner products of `n` steps into residuals."""
        z = self.b.bitcast(self._slot(i), self.samples.element.as_pointer())
        n_rows = self.b.mul(n, I64(STEP))
        call_terms(self.b, self.terms, z, self.labels.data, self._first(i), n_rows)

    def _add(self, i):
        """Stage 3: add the rows times their residuals to the sums, in two accumulators each."""
        b, first = self.b, self._first(i)
        residuals = b.bitcast(self._slot(i), self.kind.element.as_pointer())
        chains = [[self.zero] * len(self.places) for _ in range(2)]
        for k, row in enumerate(self._rows(first)):
            factor = splat(b, b.load(b.gep(residuals, [I64(k)])), self.kind.count)
            chain = chains[k % 2]
            for v, value in enumerate(row):
                chain[v] = multiply_add(b, value, factor, chain[v], (*FUSE, "nsz"))
        for total, even, odd in zip(self.sums, *chains, strict=False):
            b.store(b.fadd(b.load(total), b.fadd(even, odd, flags=FUSE), flags=FUSE), total)
        if self.dtype == types.float32:
            full = b.icmp_unsigned("==", b.urem(i, I64(_PART_STEPS)), I64(_PART_STEPS - 1))
            with b.if_then(full, likely=False):
                self._move()

    def _move(self):
        """Add the sums to the total; of the last vector only the lanes that do not overlap."""
        b = self.b
        for at, total in zip(self.places, self.sums, strict=False):
            value = b.load(total)
            if at is self.places[-1]:
                value = b.select(self.fresh, value, self.zero)
            self.total.add(value, at, self.mask)
            b.store(self.zero, total)
