"""Softmax's gradient in one pass over X, on one thread or all: blocks of rows that stay in cache.

The logits of a block, its residuals and its part of the gradient follow each other while the block
is in L2 and the next one is prefetched. Everything between the tiles of `_tiles.py` is here.

The pass over a share of the samples is compiled once for each type and called by its address. Code
that numba keeps on disk encloses a digest of what it is built from: numba's cache notices changes
in the file that defines a function, and in no other, but tells functions of one name apart by the
values that they enclose.
"""

import functools
import math
import threading
from pathlib import Path

import numpy as np
from numba import cfunc, njit, prange, types

from impls._onepass import load
from impls._onepass.arrays import aligned, whole
from impls._onepass.caches import SHORT_ROW_BYTES, own_cache_bytes
from impls._onepass.entries import THREADS_ONLY, digest_with
from impls._onepass.memory import address_of, call_code, integer_at, set_value_at, value_at
from impls._onepass.terms import Made
from impls._onepass.threads import count_threads
from impls._onepass.vectors import LINE_BYTES
from impls.softmax._tiles import (
    MOST_CLASSES,
    ROWS_UNIT,
    add_tile,
    dot_tile,
    features_of,
    rows_of,
    soften,
    transpose,
)

# Sums may be reordered, so that they vectorise.
_FASTMATH = {"reassoc", "contract", "nsz"}
# Bytes of X or of logits in a block, and its rows. A block reads and writes the gradient once and
# stays in L2 with the next one, which is prefetched meanwhile: 32 rows of 784 features from memory
# take 0.76 of the time without a prefetch, and 0.8 to 0.9 with one that is half as far ahead (one
# thread of a Zen 5; 16 to 64 rows are as fast).
_BLOCK_BYTES, _MOST_ROWS = 2**18, 128
# Classes and bytes of their weights that stay in L1 while the rows of a block pass.
_GROUP_CLASSES, _GROUP_BYTES = 2 * MOST_CLASSES, 2**15
# A block is transposed where a row has up to so many bytes for each class, and for some classes
# more: adding up the lanes of inner products would cost more. Break-even on a Zen 5 with 3, 10 and
# 100 classes: 14, 24 and 200 features in float64, more than 16, 50 and 300 in float32.
_TRANSPOSED_BYTES, _TRANSPOSED_MORE = 16, 4
# Classes up to which long rows are left to the hardware prefetcher: 0.82 to 0.92 of the time with 3
# classes of 784 and 2,000 features, 1.0 with 5, 1.2 to 1.4 with 10 (two threads of a Zen 5).
_FEW_CLASSES = 4
# Bytes of the shares' tables that are kept from call to call, at most.
_MOST_KEPT_BYTES = 2**24
# Samples from which weights and gradient have tables of whole cache lines: vectors that touch two
# lines take 1.05 to 1.15 times as long.
_COPIED_ROWS = 4 * ROWS_UNIT  # fewer are never shared out
# Multiplications from which threads are used, where a logit's exp counts as so many features: one
# thread takes 10 us.
_THREADS_PAY_FROM, _SOFTMAX_FEATURES = 2**18, 30
# Integers of each share beside its samples, see `add_share`.
_N_EXTRA, _EXTRA_BYTES = 3, 24
# Sums of exps, at most as large as 2**16, whose product is below the largest number.
_FACTORS = 32
# Rows of a tile of logits, and bytes of features of a tile of the gradient, by its classes.
_ROWS = (0, *map(rows_of, range(1, MOST_CLASSES + 1)))
_TILE_BYTES = (0, *(features_of(n, 1) for n in range(1, MOST_CLASSES + 1)))


@njit(nogil=True)
def _tile(n, n_tiles, n_classes):
    """First class and number of classes of the n-th tile: all tiles are about as large."""
    first = n * n_classes // n_tiles
    return first, (n + 1) * n_classes // n_tiles - first


@njit(nogil=True)
def _dot_rows(like, w, w_step, x, n_rows, n_features, n_classes, z, z_step, ahead):
    """Logits of a block, class-major; half of a block is prefetched, see `add_share`."""
    size, (front, is_far) = like.itemsize, ahead
    step = n_features * size
    n_tiles = -(-n_classes // MOST_CLASSES)
    width = max(128, _GROUP_BYTES // (min(n_classes, _GROUP_CLASSES) * size) // 32 * 32)
    for begin in range(0, n_features, width):
        n = min(width, n_features - begin)
        for first in range(0, n_tiles, 2):
            for some in range(0, n_rows, 8):
                for tile in range(first, min(first + 2, n_tiles)):
                    k, n_tile = _tile(tile, n_tiles, n_classes)
                    rows = _ROWS[n_tile]
                    pace = is_far * rows * LINE_BYTES // 2 // n_tiles
                    for i in range(some, min(some + 8, n_rows), rows):
                        dot_tile(
                            like,
                            n_tile,
                            w + k * w_step + begin * size,
                            w_step,
                            x + i * step + begin * size,
                            step,
                            n_rows - 1 - i,
                            z + k * z_step + i * size,
                            z_step,
                            n,
                            begin,
                            (front, pace),
                        )
                        front += -(-n * size // LINE_BYTES) * pace


@njit(nogil=True)
def _add_rows(
    like, out, x, x_step, n_rows, n_features, n_classes, r, r_step, scale, again, g, g_step, ahead
):
    """Rows times residuals times a number; half of a block is prefetched likewise."""
    size, (front, is_far) = like.itemsize, ahead
    n_tiles = -(-n_classes // MOST_CLASSES)
    longest = _TILE_BYTES[-(-n_classes // n_tiles)] // size
    j = 0
    while j < n_features:
        n = longest if j + longest <= n_features else longest // 2
        pace = is_far * n * size // 2 // n_tiles
        for tile in range(n_tiles):
            k, n_tile = _tile(tile, n_tiles, n_classes)
            add_tile(
                like,
                out,
                n_tile,
                g + k * g_step + j * out.itemsize,
                g_step,
                r + k * r_step,
                r_step,
                x + j * size,
                x_step,
                n_rows,
                n_features - j,
                scale,
                again,
                (front, pace),
            )
            front += n_rows * pace
        j += n


@njit(nogil=True, fastmath=_FASTMATH)
def _sum_losses(largest, right, total, n_rows):
    """Sum of the rows' losses ``log(sum exp(z - max)) - (z_y - max)``."""
    loss = 0.0
    for i in range(n_rows):
        loss += largest[i] - right[i]
    for begin in range(0, n_rows, _FACTORS):
        product = 1.0
        for i in range(begin, min(begin + _FACTORS, n_rows)):
            product *= total[i]
        loss += math.log(product)
    return loss


@njit(nogil=True, fastmath=_FASTMATH)
def _sum_weighted_losses(largest, right, total, weight, start, n_rows):
    """The same, each loss times its sample's weight, which is read from an address."""
    loss = 0.0
    for i in range(n_rows):
        own = math.log(total[i]) + (largest[i] - right[i])
        loss += own * value_at(right, weight, start + i)
    return loss


@njit(nogil=True)
def _add_intercepts(z, exact, intercept, n_rows):
    """Add each class's intercept, which is read from an address, to its logits."""
    for k in range(len(z)):
        own = value_at(exact, intercept, k)
        for i in range(n_rows):  # in one array expression, numba compiles for 1.3 s
            z[k, i] += own


@njit(nogil=True, fastmath=_FASTMATH)
def _weigh(z, like, weight, start, n_rows):
    """Multiply each sample's residuals by its weight."""
    for k in range(len(z)):
        for i in range(n_rows):
            z[k, i] *= value_at(like, weight, start + i)


@njit(nogil=True, fastmath=_FASTMATH)
def _add_slopes(z, exact, slopes, n_rows):
    """Add each class's residuals to its intercept's part of the gradient."""
    for k in range(len(z)):
        total = 0.0
        for i in range(n_rows):
            total += z[k, i]
        set_value_at(exact, slopes, k, value_at(exact, slopes, k) + total)


@njit(nogil=True)
def _table(like, n_rows, n_columns):
    """A table of the type of `like` that begins with a cache line, and nothing in it.

    Compiled code that is given its address must ask for that in the loop that uses the table: numba
    frees what is not mentioned any more.
    """
    n = n_rows * n_columns
    room = np.empty(n + LINE_BYTES // like.itemsize, like.dtype)
    begin = -address_of(room, 0) % LINE_BYTES // like.itemsize
    return room[begin : begin + n].reshape((n_rows, n_columns))


def _make_add_share(built_from, dtype):
    i = types.intp

    @cfunc(types.float64(i, i, i, i, i, i, i, i, i, i, i, i, i, i), cache=True)
    def add_share(
        w, x, y, n_samples, n_features, n_classes, start, stop, rows, ahead, extra, g, g_step, own
    ):
        """Store the part of the samples ``start <= i < stop`` in g; return their loss if asked.

        Weights in float64, X, labels and g are addresses; `rows` is a block's number of rows.
        `own` is 0, or the address of room for a copy of the weights in rows of ``g_step`` bytes.
        What lies `ahead` bytes after a block is prefetched, half by each of the two products.
        `extra` is 0, or the address of three integers, and then the loss is asked for: addresses of
        sample weights, of intercepts and of sums of residuals, all in float64; 0 for each that is
        not wanted.
        """
        _ = built_from
        weight, intercept, slopes = 0, 0, 0
        if extra:
            weight, intercept = integer_at(extra, 0), integer_at(extra, 1)
            slopes = integer_at(extra, 2)
        like, exact = np.empty(1, dtype), np.empty(1)
        size = like.itemsize
        step, w_step = n_features * size, 8 * n_features
        # Room for a vector more, and a number of lines for which rows do not compete in L1.
        room = rows + ROWS_UNIT
        z_step = room * size
        z = _table(like, n_classes, room)
        largest, total, right = _table(like, 1, room), _table(like, 1, room), _table(exact, 1, rows)
        if own:
            for k in range(n_classes):
                for j in range(n_features):
                    value = dtype(value_at(exact, w, k * n_features + j))
                    set_value_at(like, own + k * g_step, j, value)
            w, w_step = own, g_step
        is_transposed = step <= _TRANSPOSED_BYTES * (n_classes + _TRANSPOSED_MORE)
        columns = _table(like, whole(n_features, ROWS_UNIT) if is_transposed else 0, room)
        loss, scale = 0.0, 1.0 / n_samples
        for begin in range(start, stop, rows):
            n, here = min(rows, stop - begin), x + begin * step
            # Prefetching what is in L1 costs nothing.
            is_far = int(ahead > 0)
            front, half = (here + ahead, is_far), (here + ahead + is_far * n * step // 2, is_far)
            z_at, t = address_of(z, 0), address_of(columns, 0)
            if is_transposed:
                transpose(like, here, step, t, z_step, n, n_features)
                shape = n_features, n, n_classes
                _add_rows(like, like, t, z_step, *shape, w, w_step, 1.0, 0, z_at, z_step, front)
            else:
                _dot_rows(like, w, w_step, here, n, n_features, n_classes, z_at, z_step, front)
            if intercept:
                _add_intercepts(z, exact, intercept, n)
            if extra:
                for i in range(n):
                    right[0, i] = z[integer_at(y, begin + i), i]
            soften(like, z_at, z_step, n_classes, n, address_of(largest, 0), address_of(total, 0))
            for i in range(n):
                z[integer_at(y, begin + i), i] -= 1
            if extra and not weight:
                loss += _sum_losses(largest[0], right[0], total[0], n)
            elif weight:
                chosen = largest[0], right[0], total[0]
                loss += _sum_weighted_losses(*chosen, weight, begin, n)
                _weigh(z, exact, weight, begin, n)
            if slopes:
                _add_slopes(z, exact, slopes, n)
            shape, again = (n, n_features, n_classes), begin - start
            _add_rows(like, exact, here, step, *shape, z_at, z_step, scale, again, g, g_step, half)
        return loss * scale

    return add_share


def _signature(dtype):
    """Of what Python calls: with arrays that may be read-only, so that one variant serves all."""
    arrays = [(types.float64, 2), (types.float32 if dtype == np.float32 else types.float64, 2)]
    arrays = [types.Array(*kind, "C", readonly=True) for kind in (*arrays, (types.intp, 1))]
    outputs = types.float64[:, :, ::1], types.float64[:, ::1]
    return types.float64(types.intp, *arrays, *[types.intp] * 3, *outputs)


@njit(nogil=True, inline="always")
def _places_of(n, tables, result):
    """Address of the n-th share's gradient, bytes of its rows, and address of its weights or 0."""
    if len(tables) == 0:
        return address_of(result, 0), 8 * result.shape[1], 0
    own = tables[n]
    return address_of(own, 0), 8 * own.shape[1], address_of(own[len(result) :], 0)


def _make_add_alone(built_from, dtype):
    @njit(_signature(dtype), nogil=True, cache=True)
    def add_alone(code, weights, X, y, rows, ahead, extra, tables, result):
        """Gradient on one thread; returns the loss."""
        _ = built_from
        n_samples, n_features = X.shape
        batch = address_of(weights, 0), address_of(X, 0), address_of(y, 0), n_samples
        sizes, options = (n_features, len(weights)), (rows, ahead, extra)
        places = _places_of(0, tables, result)
        loss = call_code(code, (*batch, *sizes, 0, n_samples, *options, *places))
        if len(tables):
            _add_up(tables, result)
        return loss

    return add_alone


@njit(nogil=True)
def _add_up(tables, result):
    """Sum of the shares' gradients."""
    n_classes, n_features = result.shape
    for k in range(n_classes):
        row, first = result[k], tables[0, k]
        for j in range(n_features):
            row[j] = first[j]
        for n in range(1, len(tables)):
            other = tables[n, k]
            for j in range(n_features):
                row[j] += other[j]


def _make_add_together(built_from, dtype):
    @njit(_signature(dtype), parallel=THREADS_ONLY, nogil=True, cache=True)
    def add_together(code, weights, X, y, rows, ahead, extra, tables, result):
        """Gradient, the samples shared out to threads in whole blocks; returns the loss."""
        _ = built_from
        n_samples, n_features = X.shape
        n_shares, n_blocks = len(tables), -(-n_samples // rows)
        losses = np.zeros((n_shares, LINE_BYTES // 8))
        for share in prange(n_shares):
            n = np.int64(share)
            start = n * n_blocks // n_shares * rows
            stop = min((n + 1) * n_blocks // n_shares * rows, n_samples)
            batch = address_of(weights, 0), address_of(X, 0), address_of(y, 0), n_samples
            own = extra + n * _EXTRA_BYTES if extra else 0
            sizes, options = (n_features, len(weights)), (rows, ahead, own)
            places = _places_of(n, tables, result)
            losses[n, 0] = call_code(code, (*batch, *sizes, start, stop, *options, *places))
        _add_up(tables, result)
        loss = 0.0
        for n in range(n_shares):
            loss += losses[n, 0]
        return loss

    return add_together


@functools.cache
def _digest():
    """Digest of the files and numbers that the compiled code is built from."""
    here = Path(__file__).parent
    return digest_with(here / "_one_pass.py", here / "_tiles.py")


class _Compiled:
    """The compiled functions for one type of X; those for threads at their first use.

    Attributes
    ----------
    code : int
        Address of the pass over a share.
    """

    def __init__(self, dtype):
        self._type = dtype.type
        self._share = _make_add_share(_digest(), self._type)  # it owns the code
        self.code = self._share.address
        self.add_alone = _make_add_alone(_digest(), self._type)

    @functools.cached_property
    def add_together(self):
        return _make_add_together(_digest(), self._type)


_compiled = Made(_Compiled)  # by the type of X
_NO_TABLES = np.empty((0, 0, 0))


class _Room(threading.local):
    """Rows of a block, and each share's gradient and weights, of a Python thread's last call.

    Memory that each call gets anew and gives back can take as long as the arithmetic: a page took
    4 us on a virtual machine, and 100 classes of 784 features have 900 pages on two threads.
    """

    def __init__(self):
        self.sizes, self.n_rows, self.tables = None, 0, _NO_TABLES

    def of(self, sizes):
        """Rows and tables for so many shares, samples, classes, features and bytes of a value.

        A share's table has the gradient's rows, then the weights'; each begins with a cache line.
        """
        if sizes == self.sizes:
            return self.n_rows, self.tables
        n_shares, n_samples, n_classes, n_features, n_bytes = sizes
        n_rows = _count_rows(-(-n_samples // n_shares), max(n_classes, n_features) * n_bytes)
        shape = n_shares, 2 * n_classes, whole(n_features, ROWS_UNIT)
        tables = self.tables
        if n_samples < _COPIED_ROWS and n_bytes == 8:
            tables = _NO_TABLES
        elif tables.shape != shape:
            tables = aligned(shape, np.float64)
        if tables.nbytes <= _MOST_KEPT_BYTES:
            self.sizes, self.n_rows, self.tables = sizes, n_rows, tables
        return n_rows, tables


_room = _Room()


def ready(X, y):
    """X and y in C order; compiles the code for such data, that of threads where they pay."""
    compiled = _compiled[X.dtype]
    if _count_shares(len(y), int(y.max(initial=0)) + 1, X.shape[1]) > 1:
        compiled.add_together  # noqa: B018
    return np.ascontiguousarray(X), np.ascontiguousarray(y)


def gradient(weights, X, y):
    return _compute(weights, X, y, 0)[1]


def loss_gradient(weights, X, y):
    """The loss and the gradient."""
    extra = np.zeros((_count_shares(len(y), *weights.shape), _N_EXTRA), np.int64)
    return _compute(weights, X, y, extra.ctypes.data)


def evaluate(weights, X, y, sample_weight=None, intercept=0.0):
    """The loss, the gradient and that of the intercepts, one per class, with sample weights."""
    n_classes = len(weights)
    extra = np.zeros((_count_shares(len(y), *weights.shape), _N_EXTRA), np.int64)
    n_columns = whole(n_classes, LINE_BYTES // 8)  # threads share no cache line
    slopes = np.zeros((len(extra), n_columns))
    if sample_weight is not None:
        sample_weight = np.ascontiguousarray(sample_weight, np.float64)
        extra[:, 0] = sample_weight.ctypes.data
    intercept = np.ascontiguousarray(np.broadcast_to(intercept, n_classes), np.float64)
    extra[:, 1] = intercept.ctypes.data
    extra[:, 2] = slopes.ctypes.data + slopes.strides[0] * np.arange(len(extra))
    loss, gradient = _compute(weights, X, y, extra.ctypes.data)
    return loss, gradient, slopes.sum(axis=0)[:n_classes] / len(y)


def _compute(weights, X, y, extra):
    """Loss, if `extra` is an address, and gradient."""
    weights = np.ascontiguousarray(weights, np.float64)
    compiled, result = _compiled[X.dtype], np.empty(weights.shape)
    n_shares = _count_shares(len(y), *weights.shape)
    rows, tables = _room.of((n_shares, len(y), *weights.shape, X.itemsize))
    ahead = rows * X.shape[1] * X.itemsize if _prefetches(X, len(weights)) else 0
    arguments = compiled.code, weights, X, y, rows, ahead, extra
    if n_shares == 1:
        return compiled.add_alone(*arguments, tables, result), result
    by_threads, by_one = (*arguments, tables, result), (*arguments, tables[:1], result)
    size, shared = X.nbytes * len(weights), "samples and classes"
    together, alone = compiled.add_together, compiled.add_alone
    return load.run(size, shared, together, by_threads, alone, by_one), result


def _prefetches(X, n_classes):
    """Whether the next block is prefetched."""
    if X.nbytes <= own_cache_bytes():
        return False
    return n_classes > _FEW_CLASSES or X.shape[1] * X.itemsize <= SHORT_ROW_BYTES


def _count_shares(n_samples, n_classes, n_features):
    """Threads that pay, each with some tiles of rows."""
    if n_samples * n_classes * (n_features + _SOFTMAX_FEATURES) < _THREADS_PAY_FROM:
        return 1
    return max(1, min(count_threads(), n_samples // (2 * ROWS_UNIT)))


def _count_rows(n_samples, row_bytes):
    """Rows of a block, a multiple of the tiles', for a share of so many samples.

    A row is one of X or of logits, whichever is longer.
    """
    most = min(_MOST_ROWS, _BLOCK_BYTES // row_bytes)
    n_blocks = -(-n_samples // max(ROWS_UNIT, most // ROWS_UNIT * ROWS_UNIT))
    return -(-n_samples // (n_blocks * ROWS_UNIT)) * ROWS_UNIT
