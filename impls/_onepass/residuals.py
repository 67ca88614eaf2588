"""Residuals, of some samples at a time: ``sigmoid(z) - y``, accurate to the last bits."""

import math
from dataclasses import dataclass

from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from impls._onepass.vectors import ELEMENTS, FUSE, I32, I64, Array, mix, moves_alone, shuffle

MOST_CONSTANTS = 24  # that `residual_of` asks for: 19 in float64
_MOST_PARTS = 8  # of X, of which a step takes a row each


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


def residual_of(b, dtype, value, label, constant):
    """Vector of ``sigmoid(value) - label``; `constant` makes a vector of a number.

    exp(-|z|) is 2^k exp(r), k whole and |r| <= log(2) / 2, with the first terms of exp(r): 14 in
    float64, 8 in float32, of which the next is 4e-18 or 5e-9. Its error is below 1 unit in the last
    place, 3 in float32; in float64, what is less than exp(-708) is that. With s = sigmoid(-|z|) the
    residual is s - y or (1 - y) - s, so that small ones keep their digits at y = 1 as at y = 0.
    """
    if moves_alone():
        return mix(b, value, label)
    exp, kind = _EXP[dtype], value.type
    bits = ir.VectorType(exp.integer, kind.count)

    def times_plus(p, q, s):
        return b.fadd(b.fmul(p, q, flags=FUSE), s, flags=FUSE)

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
    exponent = b.shl(b.bitcast(shifted, bits), ir.Constant(bits, [exp.shift] * value.type.count))
    decay = b.bitcast(b.add(b.bitcast(power, bits), exponent), kind)
    if exp.squared:
        decay = b.fmul(decay, decay)
    tail = b.fdiv(decay, b.fadd(constant(1.0), decay))
    above = b.fsub(b.fsub(constant(1.0), label), tail)
    return b.select(positive, above, b.fsub(tail, label))


def make_residuals(n_rows):
    """``residuals(z, at, y, i)``: turns ``z[at:]`` into ``sigmoid(z) - y[i:]``, in the type of z.

    Of a y of two dimensions, the samples of its parts in turn: ``y[:, i]``, ``y[:, i + 1]``.
    """

    @intrinsic
    def residuals(_context, z, at, y, i):
        def build(context, b, signature, arguments):
            kind = ir.VectorType(ELEMENTS[z.dtype][0], n_rows)
            products = Array(context, b, signature.args[0], arguments[0], kind)
            labels = Array(context, b, signature.args[2], arguments[2], kind)

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
            label = labels.load(labels.data, arguments[3]) if y.ndim == 1 else gather()
            residual = residual_of(
                b, z.dtype, value, label, lambda number: ir.Constant(kind, [number] * n_rows)
            )
            products.store(residual, products.data, arguments[1])
            return context.get_dummy_value()

        return types.void(z, types.intp, y, types.intp), build

    return residuals
