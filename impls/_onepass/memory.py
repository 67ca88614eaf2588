"""Memory by its address in compiled code, and counters that threads share."""

from llvmlite import ir
from numba import types
from numba.core import cgutils
from numba.extending import intrinsic
from numba.np.arrayobj import make_array

from impls._onepass.vectors import DOUBLE, I64


@intrinsic
def address_of(_context, values, at):
    """Address of ``values[at]``."""

    def build(context, b, signature, arguments):
        data = make_array(signature.args[0])(context, b, arguments[0]).data
        return b.ptrtoint(b.gep(data, [arguments[1]]), I64)

    return types.intp(values, types.intp), build


@intrinsic
def value_at(_context, values, address, index):
    """The value, of the type of `values`, that stands `index` values after an address."""

    def build(context, b, _signature, arguments):
        kind = context.get_data_type(values.dtype).as_pointer()
        return b.load(b.gep(b.inttoptr(arguments[1], kind), [arguments[2]]))

    return values.dtype(values, types.intp, types.intp), build


@intrinsic
def set_value_at(_context, values, address, index, value):
    """Set what `value_at` returns."""

    def build(context, b, _signature, arguments):
        kind = context.get_data_type(values.dtype).as_pointer()
        b.store(arguments[3], b.gep(b.inttoptr(arguments[1], kind), [arguments[2]]))
        return context.get_dummy_value()

    return types.void(values, types.intp, types.intp, values.dtype), build


@intrinsic
def integer_at(_context, address, index):
    """The integer of 64 bits that stands `index` such integers after an address."""

    def build(_context, b, _signature, arguments):
        return b.load(b.gep(b.inttoptr(arguments[0], I64.as_pointer()), [arguments[1]]))

    return types.intp(types.intp, types.intp), build


@intrinsic
def take(_context, counters, n):
    """Add 1 to ``counters[n, 0]``, at once for all threads; returns what it was."""

    def build(context, b, signature, arguments):
        array = make_array(signature.args[0])(context, b, arguments[0])
        row = b.mul(arguments[1], cgutils.unpack_tuple(b, array.shape)[1])
        return b.atomic_rmw("add", b.gep(array.data, [row]), I64(1), "monotonic")

    return types.int64(counters, types.intp), build


@intrinsic
def call_code(_context, code, numbers):
    """Call compiled code by its address, with integers; it returns a float."""

    def build(_context, b, _signature, arguments):
        code, numbers = arguments
        numbers = cgutils.unpack_tuple(b, numbers)
        kind = ir.FunctionType(DOUBLE, [I64] * len(numbers))
        return b.call(b.inttoptr(code, kind.as_pointer()), numbers)

    return types.float64(types.intp, types.UniTuple(types.intp, len(numbers))), build
