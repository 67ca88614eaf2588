"""Softmax's gradient in one pass over X, on one thread or all: blocks of rows that stay in cache.

The logits of a block, its residuals and its part of the gradient follow each other while the block
is in L2 and the next one is prefetched. Everything between the tiles of `_tiles.py` is here.

The pass over a share of the samples is compiled once for each type and called by its address. Code
that numba keeps on disk encloses a digest of what it is built from: numba's cache notices changes
in the file that defines a function, and in no other, but tells functions of one name apart by the
values that they enclose.
"""

import functools
import hashlib
import math
from pathlib import Path

import numpy as np
from numba import cfunc, njit, prange, types

from impls import _onepass
from impls._onepass.entries import THREADS_ONLY
from impls._onepass.threads import count_threads, own_cache_bytes
from impls._onepass.tuning import tuning
from impls._onepass.vectors import LINE_BYTES, aligned, whole
from impls.softmax._tiles import (
    MOST_CLASSES,
    ROWS_UNIT,
    add_tile,
    call_share,
    dot_tile,
    features_of,
    label_at,
    rows_of,
    soften,
    transpose,
)

# Sums may be reordered, so that they vectorise.
_FASTMATH = {"reassoc", "contract", "nsz"}
# Bytes of X in a block, and its rows. Each block reads and writes the gradient once.
_BLOCK_BYTES, _MOST_ROWS = 2**18, 128
# Classes and bytes of their weights that stay in L1 while the rows of a block pass.
_GROUP_CLASSES, _GROUP_BYTES = 2 * MOST_CLASSES, 2**15
# Features per class up to which a block is transposed: adding up the lanes of an inner product
# would cost more.
_TRANSPOSED_FEATURES = 4
# Samples from which weights and gradient are copied to whole cache lines.
_COPIED_ROWS = 64
# Multiplications from which threads are used.
_THREADS_PAY_FROM = 2**17
# Sums of exps, at most as large as 2**16, whose product is below the largest number.
_FACTORS = 32


@njit(nogil=True)
def _dot(like, n, w, w_step, x, x_step, last, z, z_step, width, again, ahead):
    """`dot_tile` for a number of classes that is known when it runs."""
    if n == 1:
        dot_tile(like, 1, w, w_step, x, x_step, last, z, z_step, width, again, ahead)
    elif n == 2:
        dot_tile(like, 2, w, w_step, x, x_step, last, z, z_step, width, again, ahead)
    elif n == 3:
        dot_tile(like, 3, w, w_step, x, x_step, last, z, z_step, width, again, ahead)
    elif MOST_CLASSES > 3:
        if n == 4:
            dot_tile(like, 4, w, w_step, x, x_step, last, z, z_step, width, again, ahead)
        elif n == 5:
            dot_tile(like, 5, w, w_step, x, x_step, last, z, z_step, width, again, ahead)
        else:
            dot_tile(like, 6, w, w_step, x, x_step, last, z, z_step, width, again, ahead)


@njit(nogil=True)
def _add_whole(like, out, n, g, g_step, r, r_step, x, x_step, n_rows, again, ahead):
    """Whole `add_tile` for a number of classes that is known when it runs."""
    if n == 1:
        add_tile(like, out, 1, 1, g, g_step, r, r_step, x, x_step, n_rows, 0, again, ahead)
    elif n == 2:
        add_tile(like, out, 2, 1, g, g_step, r, r_step, x, x_step, n_rows, 0, again, ahead)
    elif n == 3:
        add_tile(like, out, 3, 1, g, g_step, r, r_step, x, x_step, n_rows, 0, again, ahead)
    elif MOST_CLASSES > 3:
        if n == 4:
            add_tile(like, out, 4, 1, g, g_step, r, r_step, x, x_step, n_rows, 0, again, ahead)
        elif n == 5:
            add_tile(like, out, 5, 1, g, g_step, r, r_step, x, x_step, n_rows, 0, again, ahead)
        else:
            add_tile(like, out, 6, 1, g, g_step, r, r_step, x, x_step, n_rows, 0, again, ahead)


@njit(nogil=True)
def _add_rest(like, out, n, g, g_step, r, r_step, x, x_step, n_rows, width, again, ahead):
    """`add_tile` of `width` features for a number of classes that is known when it runs."""
    if n == 1:
        add_tile(like, out, 1, 0, g, g_step, r, r_step, x, x_step, n_rows, width, again, ahead)
    elif n == 2:
        add_tile(like, out, 2, 0, g, g_step, r, r_step, x, x_step, n_rows, width, again, ahead)
    elif n == 3:
        add_tile(like, out, 3, 0, g, g_step, r, r_step, x, x_step, n_rows, width, again, ahead)
    elif MOST_CLASSES > 3:
        if n == 4:
            add_tile(like, out, 4, 0, g, g_step, r, r_step, x, x_step, n_rows, width, again, ahead)
        elif n == 5:
            add_tile(like, out, 5, 0, g, g_step, r, r_step, x, x_step, n_rows, width, again, ahead)
        else:
            add_tile(like, out, 6, 0, g, g_step, r, r_step, x, x_step, n_rows, width, again, ahead)


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
    """Logits of a block, class-major; half of the block `ahead` bytes later is prefetched."""
    size, front = like.itemsize, x + ahead
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
                    pace = rows * LINE_BYTES // 2 // n_tiles if ahead else 0
                    for i in range(some, min(some + 8, n_rows), rows):
                        _dot(
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
    like, out, x, x_step, n_rows, n_features, n_classes, r, r_step, again, g, g_step, ahead
):
    """Add rows times residuals to the gradient; half of a block is prefetched from `ahead` on."""
    size, front = like.itemsize, ahead
    n_tiles = -(-n_classes // MOST_CLASSES)
    longest = _TILE_BYTES[-(-n_classes // n_tiles)] // size
    j = 0
    while j < n_features:
        n = longest if j + longest <= n_features else longest // 2
        pace = n * size // 2 // n_tiles if ahead else 0
        for tile in range(n_tiles):
            k, n_tile = _tile(tile, n_tiles, n_classes)
            at, factors = g + k * g_step + j * out.itemsize, r + k * r_step
            here, fetch = x + j * size, (front, pace)
            if n == longest:
                _add_whole(
                    like,
                    out,
                    n_tile,
                    at,
                    g_step,
                    factors,
                    r_step,
                    here,
                    x_step,
                    n_rows,
                    again,
                    fetch,
                )
            else:
                rest = n_features - j
                _add_rest(
                    like,
                    out,
                    n_tile,
                    at,
                    g_step,
                    factors,
                    r_step,
                    here,
                    x_step,
                    n_rows,
                    rest,
                    again,
                    fetch,
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


@njit(nogil=True)
def _room(n_bytes):
    """Memory for so many bytes, and the address of its first whole cache line."""
    room = np.empty(n_bytes + LINE_BYTES, np.uint8)
    return room, (room.ctypes.data + LINE_BYTES - 1) // LINE_BYTES * LINE_BYTES


def _make_add_share(built_from, dtype):
    i = types.intp

    @cfunc(types.float64(i, i, i, i, i, i, i, i, i, i, i, i, i), cache=True)
    def add_share(
        w, w_step, x, y, n_features, n_classes, start, stop, rows, ahead, wants_loss, g, g_step
    ):
        """Sum over the samples ``start <= i < stop`` in g; returns their loss if asked.

        Weights, X, labels and g are addresses; `rows` is the number of rows of a block.
        """
        _ = built_from
        like, exact = np.empty(1, dtype), np.empty(1)
        size = like.itemsize
        step, z_step = n_features * size, rows * size
        z = np.empty((n_classes, rows), dtype)
        z_at = z.ctypes.data
        largest, total, right = np.empty(rows, dtype), np.empty(rows, dtype), np.empty(rows)
        is_transposed = n_features <= _TRANSPOSED_FEATURES * n_classes
        room, t = _room(whole_vectors(n_features) * z_step if is_transposed else 0)
        loss = 0.0
        for begin in range(start, stop, rows):
            n, here = min(rows, stop - begin), x + begin * step
            half = here + ahead + n * step // 2 if ahead else 0
            if is_transposed:
                transpose(like, here, step, t, z_step, n, n_features)
                front = here + ahead if ahead else 0
                _add_rows(
                    like,
                    like,
                    t,
                    z_step,
                    n_features,
                    n,
                    n_classes,
                    w,
                    w_step,
                    0,
                    z_at,
                    z_step,
                    front,
                )
            else:
                _dot_rows(like, w, w_step, here, n, n_features, n_classes, z_at, z_step, ahead)
            if wants_loss:
                for i in range(n):
                    right[i] = z[label_at(y, begin + i), i]
            soften(like, z_at, z_step, n_classes, n, largest.ctypes.data, total.ctypes.data)
            for i in range(n):
                z[label_at(y, begin + i), i] -= 1
            if wants_loss:
                loss += _sum_losses(largest, right, total, n)
            again = begin - start
            _add_rows(
                like,
                exact,
                here,
                step,
                n,
                n_features,
                n_classes,
                z_at,
                z_step,
                again,
                g,
                g_step,
                half,
            )
        _keep = room[0], z[0, 0]  # their addresses are in use until here
        return loss

    return add_share


@njit(nogil=True)
def whole_vectors(n):
    """The least multiple of any vector's lanes that is not less than n."""
    return -(-n // ROWS_UNIT) * ROWS_UNIT


def _make_add_alone(built_from):
    @njit(nogil=True, cache=True)
    def add_alone(code, w, w_step, x, y, n_samples, rows, ahead, wants_loss, result):
        """Gradient of few samples on one thread, without a copy; returns the loss."""
        _ = built_from
        n_classes, n_features = result.shape
        shape, share, table = (n_features, n_classes), (0, n_samples), result.ctypes.data
        loss = call_share(
            code, (w, w_step, x, y, *shape, *share, rows, ahead, wants_loss, table, 8 * n_features)
        )
        for k in range(n_classes):
            for j in range(n_features):
                result[k, j] /= n_samples
        return loss / n_samples

    return add_alone


@njit(nogil=True)
def _add_up(tables, n_samples, result):
    """Sum over the shares, divided by the number of samples."""
    n_classes, n_features = result.shape
    for k in range(n_classes):
        for j in range(n_features):
            result[k, j] = tables[0, k, j]
        for share in range(1, len(tables)):
            for j in range(n_features):
                result[k, j] += tables[share, k, j]
        for j in range(n_features):
            result[k, j] /= n_samples


def _make_add_one_share(built_from):
    @njit(nogil=True, cache=True)
    def add_one_share(code, w, w_step, x, y, n_samples, rows, ahead, wants_loss, tables, result):
        """Gradient on one thread; returns the loss."""
        _ = built_from
        n_classes, n_features = result.shape
        g, g_step = tables.ctypes.data, 8 * tables.shape[2]
        shape, share = (n_features, n_classes), (0, n_samples)
        loss = call_share(
            code, (w, w_step, x, y, *shape, *share, rows, ahead, wants_loss, g, g_step)
        )
        _add_up(tables, n_samples, result)
        return loss / n_samples

    return add_one_share


def _make_add_together(built_from):
    @njit(parallel=THREADS_ONLY, nogil=True, cache=True)
    def add_together(code, w, w_step, x, y, n_samples, rows, ahead, wants_loss, tables, result):
        """Gradient, the samples shared out to threads in whole blocks; returns the loss."""
        _ = built_from
        n_classes, n_features = result.shape
        n_shares, g_step = len(tables), 8 * tables.shape[2]
        losses = np.zeros((n_shares, LINE_BYTES // 8))
        n_blocks = -(-n_samples // rows)
        for share in prange(n_shares):
            n = np.int64(share)
            start = n * n_blocks // n_shares * rows
            stop = min((n + 1) * n_blocks // n_shares * rows, n_samples)
            shape, g = (n_features, n_classes), tables[n].ctypes.data
            losses[n, 0] = call_share(
                code, (w, w_step, x, y, *shape, start, stop, rows, ahead, wants_loss, g, g_step)
            )
        _add_up(tables, n_samples, result)
        loss = 0.0
        for n in range(n_shares):
            loss += losses[n, 0]
        return loss / n_samples

    return add_together


@functools.cache
def _digest():
    """Digest of the files and numbers that the compiled code is built from."""
    here = Path(__file__).parent
    files = [here / "_one_pass.py", here / "_tiles.py"]
    files += sorted(Path(_onepass.__file__).parent.glob("*.py"))
    texts = [path.read_bytes() for path in files]
    return hashlib.sha256(b"\0".join([*texts, repr(tuning()).encode()])).hexdigest()


_add_alone = _make_add_alone(_digest())
_add_one_share = _make_add_one_share(_digest())
_add_together = _make_add_together(_digest())


class _Codes(dict):
    """Address of the compiled pass over a share, by the type of X; compiled at its first use."""

    def __init__(self):
        self._functions = []

    def __missing__(self, dtype):
        function = _make_add_share(_digest(), dtype.type)
        self._functions.append(function)  # it owns the code
        self[dtype] = function.address
        return self[dtype]


_codes = _Codes()


def ready(X, y):
    """X and y in C order; compiles the code for such data."""
    X, y = np.ascontiguousarray(X), np.ascontiguousarray(y)
    row, label = np.zeros((1, 1), X.dtype), np.zeros(1, y.dtype)
    _compute(np.zeros((1, 1)), row, label, 0, 1)
    _compute(
        np.zeros((1, 1)),
        np.zeros((_COPIED_ROWS, 1), X.dtype),
        np.zeros(_COPIED_ROWS, y.dtype),
        False,
        1,
    )
    if count_threads() > 1:
        _compute(np.zeros((1, 1)), np.zeros((256, 1), X.dtype), np.zeros(256, y.dtype), 0, 2)
    return X, y


def gradient(weights, X, y):
    return _compute(weights, X, y, 0)[1]


def loss_gradient(weights, X, y):
    """The loss and the gradient."""
    return _compute(weights, X, y, 1)


def _compute(weights, X, y, wants_loss, n_shares=0):
    """Loss, if asked, and gradient; `n_shares` overrides the number of threads."""
    (n_samples, n_features), n_classes, size = X.shape, len(weights), X.itemsize
    rows = _count_rows(n_samples, n_features * size)
    ahead = rows * n_features * size if X.nbytes > own_cache_bytes() else 0
    code, x, labels = _codes[X.dtype], X.ctypes.data, y.ctypes.data
    if n_samples < _COPIED_ROWS:
        weights = np.ascontiguousarray(weights, X.dtype)
        result, step = np.empty(weights.shape), n_features * size
        loss = _add_alone(
            code, weights.ctypes.data, step, x, labels, n_samples, rows, ahead, wants_loss, result
        )
        return loss, result
    n_shares = n_shares or _count_shares(n_samples, n_features, n_classes, rows)
    width = whole(n_features, LINE_BYTES // size)
    copy = aligned((n_classes, width), X.dtype)
    copy[:, :n_features] = weights
    result = np.empty((n_classes, n_features))
    tables = aligned((n_shares, n_classes, width), np.float64)
    add = _add_together if n_shares > 1 else _add_one_share
    loss = add(
        code,
        copy.ctypes.data,
        width * size,
        x,
        labels,
        n_samples,
        rows,
        ahead,
        wants_loss,
        tables,
        result,
    )
    return loss, result


def _count_shares(n_samples, n_features, n_classes, rows):
    """Threads that pay, each with a block or more."""
    if n_samples * n_features * n_classes < _THREADS_PAY_FROM:
        return 1
    return min(count_threads(), -(-n_samples // rows))


def _count_rows(n_samples, row_bytes):
    """Rows of a block, a multiple of the tiles'."""
    most = min(_MOST_ROWS, _BLOCK_BYTES // row_bytes, n_samples + ROWS_UNIT - 1)
    return max(ROWS_UNIT, most // ROWS_UNIT * ROWS_UNIT)
