"""A problem's terms: what the engine calls to turn inner products into residuals.

The engine knows no problem. It calls compiled code by its address, with some samples at a time; the
code turns their inner products z into residuals in place and, if asked, adds up losses and
residuals. An intercept, sample weights and the loss thus cost the engine nothing and need no
variant of its loops.

Compiling takes some 40 ms for each formula and type. The code is kept for the process and never on
disk, so that an edit of a formula is always seen.
"""

import ctypes
import functools
from dataclasses import dataclass, field

import llvmlite.binding as llvm
from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.core.compiler_lock import global_compiler_lock
from numba.extending import intrinsic, register_jitable
from numba.np.arrayobj import make_array

from impls._onepass import caches
from impls._onepass.formula import Vector
from impls._onepass.tuning import target, tuning
from impls._onepass.vectors import (
    DOUBLE,
    FLOAT,
    I64,
    convert,
    for_vectors,
    load,
    splat,
    store,
    variables,
)

_LANES = 8
SUMS_LENGTH = 8  # numbers of a share's sums: loss, sum of residuals, and the rest of a cache line


class Call(ctypes.Structure):
    """What compiled code reads of a call, at an address that the engine passes on.

    Attributes
    ----------
    code : address
        The compiled terms.
    sample_weight : address
        A number per sample in the type of y, by which losses and residuals are multiplied; 0: none.
    sums : address
        `SUMS_LENGTH` doubles for each share, to which its losses and residuals are added; 0: none.
    intercept : float
        Added to each inner product.
    is_mean : int
        Whether the gradient is divided by the number of samples.
    resident : int
        An X of at most so many bytes stays in cache while all rows are read and then added.
    short_rows : int
        An X of more bytes, in rows of up to `SHORT_ROW_BYTES`, is prefetched.
    long_rows : int
        An X of more bytes, in longer rows, is prefetched.
    passes : address
        The compiled passes over a chunk of the samples: see `place_of_pass`.
    """

    _fields_ = (
        ("code", ctypes.c_int64),
        ("sample_weight", ctypes.c_int64),
        ("sums", ctypes.c_int64),
        ("intercept", ctypes.c_double),
        ("is_mean", ctypes.c_int64),
        ("resident", ctypes.c_int64),
        ("short_rows", ctypes.c_int64),
        ("long_rows", ctypes.c_int64),
        ("passes", ctypes.c_int64),
    )


# Places of the fields.
_CODE, SAMPLE_WEIGHT, SUMS, _INTERCEPT, IS_MEAN, RESIDENT, SHORT_ROWS, LONG_ROWS, PASSES = range(9)

_kept = []  # calls whose addresses are passed on
pass_codes = (ctypes.c_int64 * 18)()  # addresses, by `place_of_pass`; 0: not compiled yet


@dataclass(frozen=True, eq=False)  # a key, told apart by identity at once
class Terms:
    """The terms of a problem with one number per sample.

    Attributes
    ----------
    residual : callable
        ``residual(z, y)``: derivative of a sample's loss by its inner product z.
    loss : callable
        ``loss(z, y)``: a sample's loss; None if nobody asks for it.
    curvature : callable
        ``curvature(z, y)``: derivative of the residual by z, for products with the Hessian, which
        NumPy computes; None if nobody asks for them.
    is_mean : bool
        Whether the objective is the mean over the samples, not the sum.
    addresses : dict of int
        Address of the plain `Call` by the bytes of a label; compiled at its first use.
    """

    residual: object
    loss: object = None
    curvature: object = None
    is_mean: bool = False
    addresses: dict = field(init=False, repr=False)

    def __post_init__(self):
        made = Made(lambda n_bytes: ctypes.addressof(_keep(self.call(n_bytes))))
        object.__setattr__(self, "addresses", made)  # as a cached property, threads may make two

    def call(self, n_bytes, **fields):
        """A `Call` for labels of so many bytes; it keeps nothing alive that a field points at."""
        return Call(
            code=_compile(self.residual, self.loss, n_bytes).get_function_address("terms"),
            is_mean=self.is_mean,
            resident=tuning().resident_bytes,
            short_rows=caches.short_rows_bytes(),
            long_rows=caches.long_rows_bytes(),
            passes=ctypes.addressof(pass_codes),
            **fields,
        )


def _keep(call):
    _kept.append(call)
    return call


@register_jitable
def place_of_pass(x_bytes, y_bytes):
    """Place, among the `pass_codes`, of the one for values and labels of so many bytes."""
    return 2 * x_bytes + y_bytes // 8


class Made(dict):
    """What a function makes of a key, made at its first use; threads that ask at once get one."""

    def __init__(self, make):
        self._make = make

    def __missing__(self, key):
        return self.setdefault(key, self._make(key))


@global_compiler_lock  # numba's, because LLVM serves one thread at a time
@functools.cache
def _compile(residual, loss, n_bytes):
    """Compile the terms to a function of that name; what is returned owns its memory."""
    element = {4: FLOAT, 8: DOUBLE}[n_bytes]
    module = ir.Module("terms")
    module.triple, processor, features = target()
    pointer = element.as_pointer()
    kind = ir.FunctionType(ir.VoidType(), [pointer, pointer, I64, I64, I64, I64])
    function = ir.Function(module, kind, "terms")
    _Builder(function, residual, loss, element)
    machine = llvm.Target.from_triple(module.triple).create_target_machine(
        processor, features, opt=3, jit=True
    )
    parsed = llvm.parse_assembly(str(module))
    parsed.verify()
    options = llvm.create_pipeline_tuning_options(speed_level=3)
    builder = llvm.create_pass_builder(machine, options)
    builder.getModulePassManager().run(parsed, builder)
    engine = llvm.create_mcjit_compiler(parsed, machine)
    engine.finalize_object()
    return engine


class _Builder:
    """Builds ``terms(z, y, sample_weight, n, call, sums)``, the terms of n samples."""

    def __init__(self, function, residual, loss, element):
        self.b = ir.IRBuilder(function.append_basic_block("entry"))
        self.residual, self.loss = residual, loss
        self.kind = ir.VectorType(element, _LANES)
        self.exact = ir.VectorType(DOUBLE, _LANES)
        self.z, self.y, sample_weight, self.n, call, self.sums = function.args
        intercept = self.b.gep(self.b.inttoptr(call, DOUBLE.as_pointer()), [I64(_INTERCEPT)])
        self.intercept = convert(self.b, splat(self.b, self.b.load(intercept), _LANES), self.kind)
        self.sample_weight = self.b.inttoptr(sample_weight, element.as_pointer())
        self.totals = variables(self.b, self.exact, 2)
        is_plain = self.b.icmp_unsigned("==", self.b.or_(sample_weight, self.sums), I64(0))
        self.is_weighted = self.b.icmp_unsigned("!=", sample_weight, I64(0))
        self.wants_sums = self.b.icmp_unsigned("!=", self.sums, I64(0))
        with self.b.if_else(is_plain) as (plain, other):
            with plain:
                for_vectors(self.b, self.n, _LANES, self._turn)
            with other:
                for_vectors(self.b, self.n, _LANES, self._turn_and_sum)
        with self.b.if_then(self.wants_sums):
            for k, total in enumerate(self.totals):
                self._add_up(I64(k), self.b.load(total))
        self.b.ret_void()

    def _turn(self, i, mask):
        """Turn one vector of inner products into residuals; a mask leaves lanes out."""
        b = self.b
        z = b.fadd(self._load(self.z, i, None), self.intercept)
        z, y = (Vector(b, value, self.kind) for value in (z, self._load(self.y, i, mask)))
        residual = z.vector_of(self.residual(z, y)).value
        self._store_residual(residual, i)
        return z, y, residual

    def _turn_and_sum(self, i, mask):
        """As `_turn`, times the sample weights; adds losses and residuals to the totals."""
        b, one = self.b, ir.Constant(self.kind, [1.0] * _LANES)
        z, y, residual = self._turn(i, mask)
        weight = cgutils.alloca_once_value(b, one)
        with b.if_then(self.is_weighted):
            b.store(self._load(self.sample_weight, i, mask), weight)
        weight = b.load(weight)
        residual = b.fmul(residual, weight)
        self._store_residual(residual, i)
        loss = b.fmul(z.vector_of(self.loss(z, y) if self.loss else 0.0).value, weight)
        for total, value in zip(self.totals, (loss, residual), strict=True):
            value = convert(b, value, self.exact)
            value = value if mask is None else b.select(mask, value, ir.Constant(self.exact, None))
            b.store(b.fadd(b.load(total), value), total)

    def _load(self, start, i, mask):
        return load(self.b, self.b.gep(start, [i]), self.kind, mask)

    def _store_residual(self, residual, i):
        """Store residuals. z has room for a whole vector; loads would wait for a masked store."""
        store(self.b, residual, self.b.gep(self.z, [i]))

    def _add_up(self, place, vector):
        b, name = self.b, f"llvm.vector.reduce.fadd.v{_LANES}f64"
        at = b.gep(b.inttoptr(self.sums, DOUBLE.as_pointer()), [place])
        kind = ir.FunctionType(DOUBLE, [DOUBLE, self.exact])
        function = b.module.globals.get(name) or ir.Function(b.module, kind, name)
        total = b.call(function, [b.load(at), vector], fastmath=("reassoc",))
        b.store(total, at)


@intrinsic
def turn(_context, terms, z, at, y, i, n):
    """Turn `n` inner products, ``z[at:]``, into residuals of the samples from `i` on.

    `terms` has the addresses of a `Call`, of the sample weights and of the share's sums; 0 is none.
    """

    def build(context, b, signature, arguments):
        products, labels = (
            make_array(signature.args[k])(context, b, arguments[k]).data for k in (1, 3)
        )
        _, _, at, _, i, n = arguments
        call_terms(b, arguments[0], b.gep(products, [at]), labels, i, n)
        return context.get_dummy_value()

    place = types.intp
    return types.void(terms, z, place, y, place, place), build


def call_terms(b, terms, z, y, i, n):
    """Append a call of the terms of `n` samples, for inner products and all labels at pointers."""
    at_call, begin, sums = cgutils.unpack_tuple(b, terms)
    weight = b.ptrtoint(b.gep(b.inttoptr(begin, y.type), [i]), I64)
    weight = b.select(b.icmp_unsigned("==", begin, I64(0)), begin, weight)
    parts = [z, b.gep(y, [i]), weight, n, at_call, sums]
    kind = ir.FunctionType(ir.VoidType(), [part.type for part in parts])
    code = b.load(b.inttoptr(at_call, I64.as_pointer()))
    b.call(b.inttoptr(code, kind.as_pointer()), parts)
