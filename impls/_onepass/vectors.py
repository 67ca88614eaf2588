"""Vector instructions in compiled code, as LLVM IR: numba has no way to ask for them.

In all functions `b` is llvmlite's builder, which appends instructions to the code being built.
"""

from llvmlite import ir
from numba.core import cgutils
from numba.np.arrayobj import make_array

from impls._onepass.tuning import target

I8, I16, I32, I64 = (ir.IntType(bits) for bits in (8, 16, 32, 64))
DOUBLE, FLOAT = ir.DoubleType(), ir.FloatType()
LINE_BYTES = 64
# Vectors of 64 bytes pay where arithmetic is the limit: 3 to 20 % for narrow rows, 2x for values
# that have to be converted.
VECTOR_BYTES, LONG_VECTOR_BYTES = 32, 64
# Fast-math flags. Sums may be reordered and products fused; infinities and NaN keep their meaning.
REORDER, FUSE = ("contract", "reassoc", "nsz"), ("contract",)


def call(b, name, result, arguments):
    """Call one of LLVM's intrinsics."""
    kind = ir.FunctionType(result, [a.type for a in arguments])
    function = b.module.globals.get(name) or ir.Function(b.module, kind, name)
    return b.call(function, arguments)


def keep(b, value):
    """`value` in a register of its own; LLVM would recompute it from others at every use."""
    kind = ir.FunctionType(value.type, [value.type])
    return b.asm(kind, "", "=r,0", [value], side_effect=False)


def multiply_add(b, value, factor, total, flags):
    """``total + value * factor``."""
    return b.fadd(total, b.fmul(value, factor, flags=flags), flags=flags)


def shuffle(b, left, right, order):
    """Lanes of both vectors in the given order; the second's are counted after the first's."""
    return b.shuffle_vector(left, right, ir.Constant(ir.VectorType(I32, len(order)), order))


def splat(b, value, lanes):
    """A vector with `value` in every lane."""
    empty = ir.Constant(ir.VectorType(value.type, lanes), ir.Undefined)
    return shuffle(b, b.insert_element(empty, value, I32(0)), empty, [0] * lanes)


def prefetch(b, pointer, level):
    """Prefetch a cache line into the cache of that level."""
    call(b, "llvm.prefetch.p0", ir.VoidType(), [pointer, I32(0), I32(4 - level), I32(1)])


def prefetch_lines(b, pointer, n_bytes):
    """Prefetch the cache lines of the next `n_bytes` from a pointer on, into L2."""
    first = b.bitcast(pointer, I8.as_pointer())
    for line in range(0, n_bytes, LINE_BYTES):
        prefetch(b, b.gep(first, [I64(line)]), 2)


def convert(b, value, kind):
    """A vector converted to another type with as many lanes."""
    old, new = value.type.element, kind.element
    if old == new:
        return value
    if isinstance(old, ir.IntType):
        return _convert_levels(b, value, kind)
    return b.fpext(value, kind) if new == DOUBLE else b.fptrunc(value, kind)


def _convert_levels(b, value, kind):
    """Bytes to doubles; through 64-bit integers where AVX-512DQ converts those in one instruction.

    The bytes are spread over 8 lanes each by a shuffle, which LLVM turns into a zero extension. A
    zero extension itself it would turn back into two instructions.
    """
    if not compiles_for("avx512dq"):
        return b.uitofp(value, kind)
    lanes = kind.count
    spread = [lanes] * (8 * lanes)
    spread[::8] = range(lanes)
    zeros = ir.Constant(value.type, [0] * lanes)
    wide = b.bitcast(shuffle(b, value, zeros, spread), ir.VectorType(I64, lanes))
    return b.sitofp(wide, kind)


def sum_neighbours(b, vectors, n_bytes):
    """Sums of the lanes within each 16 bytes of a vector, where a shuffle is cheap.

    The sums of as many vectors as 16 bytes hold lanes of `n_bytes` end up side by side in one.
    """
    lanes, near = vectors[0].type.count, 16 // n_bytes
    even = [
        i + side
        for start in range(0, lanes, near)
        for side in (0, lanes)
        for i in range(start, start + near, 2)
    ]
    for _ in range(near.bit_length() - 1):
        pairs = zip(vectors[::2], vectors[1::2] or vectors, strict=True)
        vectors = [_add_shuffled(b, *pair, even, 1) for pair in pairs]
    return vectors


def sum_lanes(b, vectors, n_bytes):
    """The sum over each vector's lanes of `n_bytes`, in order, in as few vectors as hold them.

    Neighbouring lanes are added first, two vectors at a time, then halves: 8 sums of 4 lanes take
    18 instructions instead of 40 one by one.
    """
    if not vectors:
        return []
    part, near = vectors[0].type.count, 16 // n_bytes
    vectors = sum_neighbours(b, vectors, n_bytes)
    while part > near:  # lanes that still belong to one sum: add their halves
        lanes = vectors[0].type.count
        sides = (0, lanes) if len(vectors) > 1 else (0,)
        first = [
            side + start + i
            for side in sides
            for start in range(0, lanes, part)
            for i in range(part // 2)
        ]
        pairs = zip(vectors[::2], vectors[1::2] or vectors, strict=True)
        vectors = [_add_shuffled(b, *pair, first, part // 2) for pair in pairs]
        part //= 2
    return vectors


def store_sums(b, vectors, pointer, n_bytes):
    """Store the sum over each vector's lanes of `n_bytes`, in order, from a pointer on."""
    for sums in sum_lanes(b, vectors, n_bytes):
        b.store(sums, b.bitcast(pointer, sums.type.as_pointer()), align=n_bytes)
        pointer = b.gep(pointer, [I64(sums.type.count)])


def _add_shuffled(b, left, right, order, distance):
    """``v[order] + v[order + distance]``, where v is both vectors one after the other."""
    parts = [shuffle(b, left, right, [i + by for i in order]) for by in (0, distance)]
    whole = isinstance(left.type.element, ir.IntType)
    return b.add(*parts) if whole else b.fadd(*parts, flags=("reassoc",))


def load(b, pointer, kind, mask=None):
    """Load a vector that need not be aligned; lanes are 0 where the mask is off."""
    at, n_bytes, name = _place(b, pointer, kind)
    if mask is None:
        return b.load(at, align=n_bytes)
    blank = ir.Constant(kind, None)
    return call(b, f"llvm.masked.load.{name}.p0", kind, [at, I32(n_bytes), mask, blank])


def store(b, value, pointer, mask=None):
    """Store a vector that need not be aligned; lanes are left where the mask is off."""
    at, n_bytes, name = _place(b, pointer, value.type)
    if mask is None:
        b.store(value, at, align=n_bytes)
    else:
        call(b, f"llvm.masked.store.{name}.p0", ir.VoidType(), [value, at, I32(n_bytes), mask])


def _place(b, pointer, kind):
    """The pointer to a vector, the bytes of a lane, and the vector's name in LLVM's intrinsics."""
    name = kind.element.intrinsic_name
    return b.bitcast(pointer, kind.as_pointer()), int(name[1:]) // 8, f"v{kind.count}{name}"


def for_vectors(b, n, lanes, body):
    """Append ``body(i, mask)`` for each vector of n values, and for the rest under a mask."""
    rest = b.urem(n, I64(lanes))
    whole = b.sub(n, rest)
    with cgutils.for_range_slice(b, I64(0), whole, I64(lanes), I64) as (i, _):
        body(i, None)
    with b.if_then(b.icmp_unsigned(">", rest, I64(0))):
        body(whole, first_lanes(b, rest, lanes))


def variables(b, kind, count):
    """Zeroed variables, which LLVM turns into registers."""
    return [cgutils.alloca_once_value(b, ir.Constant(kind, None)) for _ in range(count)]


class Array:
    """An array that a loop loads and stores in vectors of one type, whatever type it stores.

    Attributes
    ----------
    row_values : LLVM value
        Values from one row to the next.
    apart_values : LLVM value
        Values between the rows that a step takes together: neighbouring rows of a 2-D array, rows
        of neighbouring parts of a 3-D one.
    """

    def __init__(self, context, b, type_, value, kind):
        self.b, self.kind = b, kind
        array = make_array(type_)(context, b, value)
        element, self.n_bytes = context.get_data_type(type_.dtype), type_.dtype.bitwidth // 8
        self.data = b.bitcast(array.data, element.as_pointer())
        self.stored = ir.VectorType(element, kind.count)
        self.n_columns = cgutils.unpack_tuple(b, array.shape)[-1]
        self.row_values = self.n_columns
        if type_.layout != "C" and type_.ndim == 2:
            n_bytes = cgutils.unpack_tuple(b, array.strides)[0]
            self.row_values = b.sdiv(n_bytes, I64(self.n_bytes), flags=["exact"])
        self.apart_values = self.row_values
        if type_.ndim == 3:
            self.apart_values = b.mul(cgutils.unpack_tuple(b, array.shape)[1], self.row_values)

    def address(self, index):
        return self.b.gep(self.data, [index])

    def load(self, pointer, index, mask=None):
        """Load and convert a vector `index` values after the pointer."""
        value = load(self.b, self.b.gep(pointer, [index]), self.stored, mask)
        return convert(self.b, value, self.kind)

    def add(self, value, index, mask=None):
        """Add a vector, converted, to the values from the `index`-th on."""
        value = convert(self.b, value, self.kind)
        total = self.b.fadd(self.load(self.data, index, mask), value, flags=FUSE)
        store(self.b, convert(self.b, total, self.stored), self.address(index), mask)


def compiles_for(feature):
    """Whether numba compiles for a feature of the processor; NUMBA_CPU_NAME can rule it out."""
    return f"+{feature}" in target()[2].split(",")


def count_lanes(stored, computed, n_bytes):
    """Lanes of a vector of at most `n_bytes`, by the types that are stored and computed."""
    if stored.bitwidth <= 16:
        n_bytes = LONG_VECTOR_BYTES
    elif not compiles_for("avx512f"):
        n_bytes = VECTOR_BYTES
    return 8 * n_bytes // computed.bitwidth


def masks_levels():
    """Whether a tail of 1-byte values can be masked; else it takes a branch per value."""
    return compiles_for("avx512bw")


def first_lanes(b, rest, lanes):
    """A mask that is on in the first `rest` lanes."""
    order = ir.Constant(ir.VectorType(I64, lanes), list(range(lanes)))
    return b.icmp_unsigned("<", order, splat(b, rest, lanes))
