"""Residuals of some samples at a time: ``sigmoid(z) - y``, accurate to the last bits."""

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from impls._onepass.exp import exp_of
from impls._onepass.vectors import ELEMENTS, I64, Array, mix, moves_alone, shuffle

MOST_CONSTANTS = 24  # that `residual_of` asks `constant` for: 19 in float64
_MOST_PARTS = 8  # parts of X from which a step takes a row each


def residual_of(b, dtype, value, label, constant):
    """Vector of ``sigmoid(value) - label``; `constant` makes a vector of a number.

    With s = sigmoid(-|z|) the residual is s - y or (1 - y) - s: no small residual is the difference
    of numbers near 1, at y = 1 as at y = 0.
    """
    if moves_alone():
        return mix(b, value, label)
    positive = b.fcmp_ordered(">=", value, constant(0.0))
    decay = exp_of(b, dtype, b.select(positive, b.fneg(value), value), constant)
    tail = b.fdiv(decay, b.fadd(constant(1.0), decay))
    above = b.fsub(b.fsub(constant(1.0), label), tail)
    return b.select(positive, above, b.fsub(tail, label))


def make_residuals(n_rows):
    """Make the computation of `n_rows` residuals in one vector.

    ``residuals(z, at, y, i)`` turns ``z[at:]`` into ``sigmoid(z) - y[i:]``, in the type of z. A 2-D
    y has the labels of distant parts: ``y[:, i]``, then ``y[:, i + 1]``, and so on.
    """

    @intrinsic
    def residuals(_context, z, at, y, i):
        def build(context, b, signature, arguments):
            kind = ir.VectorType(ELEMENTS[z.dtype][0], n_rows)
            products = Array(context, b, signature.args[0], arguments[0], kind)
            labels = Array(context, b, signature.args[2], arguments[2], kind)

            def gather():
                """Labels of the parts in turn, from one vector of each part.

                The vectors are joined, which orders labels by part, then sample. Taking the even
                places and then the odd ones moves the last bit of a place to the front; repeated
                for the bits of the sample, it orders labels by sample, then part.
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
            label = labels.load(labels.data, arguments[3]) if y.ndim == 1 else gather()
            residual = residual_of(
                b, z.dtype, value, label, lambda number: ir.Constant(kind, [number] * n_rows)
            )
            products.store(residual, products.data, arguments[1])
            return context.get_dummy_value()

        return types.void(z, types.intp, y, types.intp), build

    return residuals
