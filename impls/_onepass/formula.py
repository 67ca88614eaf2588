"""Formulas in NumPy's words, such as residuals, as vector instructions.

A formula is a Python function of NumPy's operators and functions. It computes arrays as it stands.
Called with a `Vector`, it appends the instructions for a vector of numbers to the code being built:
NumPy's protocols hand its operators and functions to `_FUNCTIONS`.

>>> def residual(z, y):
...     return np.where(np.abs(z) < 1, z, np.sign(z)) - y
"""

import math

import numpy as np
from llvmlite import ir
from numpy.lib.mixins import NDArrayOperatorsMixin

from impls._onepass.exp import exp_of, log1p_of
from impls._onepass.vectors import call


class Vector(NDArrayOperatorsMixin):
    """Numbers, or truth values, of some samples in the code being built.

    Attributes
    ----------
    b : llvmlite.ir.IRBuilder
    value : LLVM value
    kind : ir.VectorType
        Type of the numbers that truth values choose from.
    low, high : float
        Bounds of the numbers, as far as they are known: exp of a number that is not positive needs
        fewer instructions.
    """

    def __init__(self, b, value, kind, low=-math.inf, high=math.inf):
        self.b, self.value, self.kind, self.low, self.high = b, value, kind, low, high

    def __array_ufunc__(self, ufunc, method, *inputs, **options):
        if method != "__call__" or options:
            return NotImplemented
        return self._apply(ufunc, inputs)

    def __array_function__(self, function, _types, inputs, options):
        return NotImplemented if options else self._apply(function, inputs)

    def __bool__(self):
        raise TypeError("a formula chooses by np.where, not by if, and, or, not")

    def _apply(self, function, inputs):
        if function not in _FUNCTIONS:
            known = ", ".join(sorted(f"np.{known.__name__}" for known in _FUNCTIONS))
            raise TypeError(f"a formula has np.{function.__name__}, expected one of {known}")
        return _FUNCTIONS[function](self, *map(self.vector_of, inputs))

    def vector_of(self, value):
        """A vector of a number; a vector as it is."""
        if isinstance(value, Vector):
            return value
        number = float(value)
        constant = ir.Constant(self.kind, [number] * self.kind.count)
        return self.of(constant, number, number)

    def of(self, value, low=-math.inf, high=math.inf):
        """A value of the same code as a vector."""
        return Vector(self.b, value, self.kind, low, high)

    def call(self, name, *vectors):
        """One of LLVM's functions of vectors."""
        name = f"llvm.{name}.v{self.kind.count}{self.kind.element.intrinsic_name}"
        return call(self.b, name, self.kind, [v.value for v in vectors])


def _instruction(name):
    return lambda at, x, y: at.of(getattr(at.b, name)(x.value, y.value))


def _comparison(sign):
    # NaN differs from every number and is neither above nor below.
    compare = "fcmp_unordered" if sign == "!=" else "fcmp_ordered"
    return lambda at, x, y: at.of(getattr(at.b, compare)(sign, x.value, y.value))


def _negative(at, x):
    return at.of(at.b.fneg(x.value), -x.high, -x.low)


def _absolute(at, x):
    return at.of(at.call("fabs", x), 0.0)


def _exp(at, x):
    value = exp_of(at.b, x.value, may_be_positive=x.high > 0)
    return at.of(value, 0.0, 1.0 if x.high <= 0 else math.inf)


def _log1p(at, x):
    if not 0 <= x.low <= x.high <= 1:
        raise TypeError(
            "a formula has np.log1p of numbers that may be outside of [0, 1], expected np.log1p of "
            "np.exp of minus np.abs"
        )
    return at.of(log1p_of(at.b, x.value), 0.0, 1.0)


def _where(at, condition, x, y):
    value = at.b.select(condition.value, x.value, y.value)
    return at.of(value, min(x.low, y.low), max(x.high, y.high))


def _choose(at, sign, x, y):
    """x where it compares so with y or is NaN, else y, which may be NaN."""
    b, x, y = at.b, x.value, y.value
    return b.select(b.or_(b.fcmp_ordered(sign, x, y), b.fcmp_unordered("uno", x, x)), x, y)


def _maximum(at, x, y):
    return at.of(_choose(at, ">", x, y), max(x.low, y.low), max(x.high, y.high))


def _minimum(at, x, y):
    return at.of(_choose(at, "<", x, y), min(x.low, y.low), min(x.high, y.high))


def _square(at, x):
    return at.of(at.b.fmul(x.value, x.value), 0.0)


def _sign(at, x):
    zero = at.vector_of(0.0).value
    one = at.call("copysign", at.vector_of(1.0), x)
    is_same = at.b.fcmp_unordered("==", x.value, zero)  # of 0 and of NaN
    return at.of(at.b.select(is_same, x.value, one), -1.0, 1.0)


_FUNCTIONS = {
    np.add: _instruction("fadd"),
    np.subtract: _instruction("fsub"),
    np.multiply: _instruction("fmul"),
    np.true_divide: _instruction("fdiv"),
    np.negative: _negative,
    np.absolute: _absolute,
    np.square: _square,
    np.sqrt: lambda at, x: at.of(at.call("sqrt", x), 0.0),
    np.sign: _sign,
    np.maximum: _maximum,
    np.minimum: _minimum,
    np.exp: _exp,
    np.log1p: _log1p,
    np.where: _where,
    np.greater: _comparison(">"),
    np.greater_equal: _comparison(">="),
    np.less: _comparison("<"),
    np.less_equal: _comparison("<="),
    np.equal: _comparison("=="),
    np.not_equal: _comparison("!="),
    np.logical_and: _instruction("and_"),
    np.bitwise_and: _instruction("and_"),
    np.logical_or: _instruction("or_"),
    np.bitwise_or: _instruction("or_"),
}
