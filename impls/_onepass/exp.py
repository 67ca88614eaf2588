"""exp and log1p of vectors, accurate to the last bits."""

import math
from dataclasses import dataclass

from llvmlite import ir

from impls._onepass.vectors import DOUBLE, FLOAT, FUSE, I32, I64


@dataclass(frozen=True)
class _Constants:
    """Numbers of exp and log1p in one type.

    Attributes
    ----------
    integer : ir.IntType
        Integer of the same width.
    shift : int
        Bits of the type's fraction.
    least, most : float
        Arguments whose exp is about the least normal number, and below the largest.
    log : tuple of float
        log(2) in two parts; the first has so few bits that its product with k is exact.
    n_terms : int
        Terms of the series of exp.
    n_log_terms : int
        Terms of the series of log1p.
    squared : bool
        Compute exp(x / 2) squared, so that results reach into the subnormals. Only float32 needs
        it: residuals below exp(-708) make no difference in float64.
    """

    integer: ir.IntType
    shift: int
    least: float
    most: float
    log: tuple[float, float]
    n_terms: int
    n_log_terms: int
    squared: bool

    @property
    def magic(self):
        """Added to a number, it rounds the number to an integer in the lowest bits."""
        return 1.5 * 2.0**self.shift

    @property
    def terms(self):
        return [1 / math.factorial(n) for n in range(self.n_terms)]


_CONSTANTS = {
    DOUBLE: _Constants(
        I64, 52, -708.0, 709.0, (0.6931471803691238, 1.9082149292705877e-10), 14, 17, False
    ),
    FLOAT: _Constants(I32, 23, -87.0, 88.0, (0.693145751953125, 1.428606765330187e-06), 8, 8, True),
}


def times_plus(b, p, q, s):
    """``p * q + s``."""
    return b.fadd(b.fmul(p, q, flags=FUSE), s, flags=FUSE)


def constant(kind, number):
    """A vector of a number."""
    return ir.Constant(kind, [number] * kind.count)


def exp_of(b, x, may_be_positive):
    """Vector of exp(x).

    exp(x) = 2^k exp(r) with k an integer and |r| <= log(2) / 2. exp(r) is the beginning of its
    series: 14 terms in float64, 8 in float32; the next terms are 4e-18 and 5e-9. The error is below
    1 unit in the last place in float64 and 3 in float32 (2 and 3 if x may be positive). In float64,
    results below exp(-708) are exp(-708) if no x is positive. exp(x / 2) is squared where x may be
    positive, so that what is too large becomes infinite and what is too small 0.
    """
    kind = x.type
    exp, bits = (
        _CONSTANTS[kind.element],
        ir.VectorType(_CONSTANTS[kind.element].integer, kind.count),
    )
    squared = exp.squared or may_be_positive
    if squared:
        x = b.fmul(x, constant(kind, 0.5))
    x = _clamp(b, x, "<", constant(kind, exp.least))
    if may_be_positive:
        x = _clamp(b, x, ">", constant(kind, exp.most))
    magic = constant(kind, exp.magic)
    shifted = times_plus(b, x, constant(kind, 1 / math.log(2)), magic)
    k = b.fsub(shifted, magic)
    r = x
    for part in exp.log:
        r = times_plus(b, k, constant(kind, -part), r)
    # 1 + (r + r^2 p): the rounding of p hardly matters.
    power = times_plus(b, b.fmul(r, r, flags=FUSE), _series(b, r, exp.terms[2:]), r)
    power = b.fadd(power, constant(kind, 1.0), flags=FUSE)
    exponent = b.shl(b.bitcast(shifted, bits), ir.Constant(bits, [exp.shift] * kind.count))
    result = b.bitcast(b.add(b.bitcast(power, bits), exponent), kind)
    return b.fmul(result, result) if squared else result


def log1p_of(b, x):
    """Vector of log(1 + x) for 0 <= x <= 1.

    log(1 + x) = 2 artanh(s) with s = x / (2 + x) <= 1/3: ``2 s (1 + s^2/3 + s^4/5 + ...)``, 17
    terms in float64 and 8 in float32; the next terms are 2e-18 and 1e-9 of the first.
    """
    kind = x.type
    s = b.fdiv(x, b.fadd(x, constant(kind, 2.0)))
    terms = [1 / (2 * n + 1) for n in range(1, _CONSTANTS[kind.element].n_log_terms)]
    square, twice = b.fmul(s, s), b.fadd(s, s)
    rest = b.fmul(square, _series(b, square, terms), flags=FUSE)
    return times_plus(b, twice, rest, twice)


def _series(b, x, terms):
    """``terms[0] + terms[1] x + ...``, in two independent halves of even and of odd powers."""
    square, halves = b.fmul(x, x, flags=FUSE), []
    for half in (terms[::2], terms[1::2]):
        power = constant(x.type, half[-1])
        for term in half[-2::-1]:
            power = times_plus(b, power, square, constant(x.type, term))
        halves.append(power)
    return times_plus(b, halves[1], x, halves[0])


def _clamp(b, x, sign, limit):
    """x, or the limit where x is beyond it; NaN stays."""
    return b.select(b.fcmp_ordered(sign, x, limit), limit, x)
