"""exp of vectors of numbers that are not positive, accurate to the last bits."""

import math
from dataclasses import dataclass

from llvmlite import ir
from numba import types

from impls._onepass.vectors import FUSE, I32, I64


@dataclass(frozen=True)
class _Constants:
    """Numbers of exp in one type.

    Attributes
    ----------
    integer : ir.IntType
        Integer of the same width.
    shift : int
        Bits of the type's fraction.
    least : float
        Argument whose exp is about the least normal number.
    log : tuple of float
        log(2) in two parts; the first has so few bits that its product with k is exact.
    n_terms : int
        Terms of the series.
    squared : bool
        Compute exp(x / 2) squared, so that results reach into the subnormals. Only float32 needs
        it: residuals below exp(-708) make no difference in float64.
    """

    integer: ir.IntType
    shift: int
    least: float
    log: tuple[float, float]
    n_terms: int
    squared: bool

    @property
    def magic(self):
        """Added to a number, it rounds the number to an integer in the lowest bits."""
        return 1.5 * 2.0**self.shift

    @property
    def terms(self):
        return [1 / math.factorial(n) for n in range(self.n_terms)]


_CONSTANTS = {
    types.float64: _Constants(
        I64, 52, -708.0, (0.6931471803691238, 1.9082149292705877e-10), 14, False
    ),
    types.float32: _Constants(I32, 23, -87.0, (0.693145751953125, 1.428606765330187e-06), 8, True),
}


def times_plus(b, p, q, s):
    """``p * q + s``."""
    return b.fadd(b.fmul(p, q, flags=FUSE), s, flags=FUSE)


def exp_of(b, dtype, x, constant):
    """Vector of exp(x) for x <= 0; `constant` makes a vector of a number.

    exp(x) = 2^k exp(r) with k an integer and |r| <= log(2) / 2. exp(r) is the beginning of its
    series: 14 terms in float64, 8 in float32; the next terms are 4e-18 and 5e-9. The error is below
    1 unit in the last place in float64 and 3 in float32. In float64, results below exp(-708) are
    exp(-708).
    """
    exp, kind = _CONSTANTS[dtype], x.type
    bits = ir.VectorType(exp.integer, kind.count)
    least = constant(exp.least)
    if exp.squared:
        x = b.fmul(x, constant(0.5))
    x = b.select(b.fcmp_ordered("<", x, least), least, x)
    shifted = times_plus(b, x, constant(1 / math.log(2)), constant(exp.magic))
    k = b.fsub(shifted, constant(exp.magic))
    r = x
    for part in exp.log:
        r = times_plus(b, k, constant(-part), r)
    # 1 + (r + r^2 p): the rounding of p hardly matters. p is computed in two independent halves,
    # of even and of odd powers.
    square, halves = b.fmul(r, r, flags=FUSE), []
    for terms in (exp.terms[2::2], exp.terms[3::2]):
        power = constant(terms[-1])
        for term in terms[-2::-1]:
            power = times_plus(b, power, square, constant(term))
        halves.append(power)
    power = times_plus(b, square, times_plus(b, halves[1], r, halves[0]), r)
    power = b.fadd(power, constant(1.0), flags=FUSE)
    exponent = b.shl(b.bitcast(shifted, bits), ir.Constant(bits, [exp.shift] * kind.count))
    result = b.bitcast(b.add(b.bitcast(power, bits), exponent), kind)
    return b.fmul(result, result) if exp.squared else result
