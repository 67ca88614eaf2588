"""Softmax's gradient in one pass over X, on one thread or all: blocks of rows that stay in cache.

The logits of a block, its residuals and its part of the gradient follow each other while the block
is in L2 and the next one is prefetched. Everything between the tiles of `_tiles.py` is here.

numba's cache on disk notices changes in the file that defines a function, and in no other, but
tells functions of one name apart by the values that they enclose: each function that is kept
encloses a digest of the files that it is built from.
"""

import functools
import hashlib
import math
from pathlib import Path

import numpy as np
from numba import njit, prange

from impls import _onepass
from impls._onepass.entries import THREADS_ONLY
from impls._onepass.threads import count_threads, own_cache_bytes
from impls._onepass.tuning import tuning
from impls.softmax._tiles import (
    MOST_CLASSES,
    ROWS_UNIT,
    add_tile,
    dot_tile,
    features_of,
    label_at,
    rows_of,
    soften,
)

# Sums may be reordered, so that they vectorise.
_FASTMATH = {"reassoc", "contract", "nsz"}
# Bytes of X in a block, and its rows. Each block reads and writes the gradient once.
_BLOCK_BYTES, _MOST_ROWS = 2**18, 128
# Classes and bytes of their weights that stay in L1 while the rows of a block pass.
_GROUP_CLASSES, _GROUP_BYTES = 2 * MOST_CLASSES, 2**15
# Multiplications from which threads are used.
_THREADS_PAY_FROM = 2**17
# Sums of exps, at most as large as 2**16, whose product is below the largest number.
_FACTORS = 32


@njit(nogil=True)
def _dot(like, n, w, w_step, x, x_step, last, z, z_step, width, again, ahead):
    """A tile of `n` classes; compiled once for each number of classes that a tile may have."""
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
def _add(like, n, is_whole, g, g_step, r, r_step, x, x_step, n_rows, width, ahead):
    if is_whole:
        _add_whole(like, n, g, g_step, r, r_step, x, x_step, n_rows, width, ahead)
    else:
        _add_rest(like, n, g, g_step, r, r_step, x, x_step, n_rows, width, ahead)


@njit(nogil=True)
def _add_whole(like, n, g, g_step, r, r_step, x, x_step, n_rows, width, ahead):
    if n == 1:
        add_tile(like, 1, 1, g, g_step, r, r_step, x, x_step, n_rows, width, ahead)
    elif n == 2:
        add_tile(like, 2, 1, g, g_step, r, r_step, x, x_step, n_rows, width, ahead)
    elif n == 3:
        add_tile(like, 3, 1, g, g_step, r, r_step, x, x_step, n_rows, width, ahead)
    elif MOST_CLASSES > 3:
        if n == 4:
            add_tile(like, 4, 1, g, g_step, r, r_step, x, x_step, n_rows, width, ahead)
        elif n == 5:
            add_tile(like, 5, 1, g, g_step, r, r_step, x, x_step, n_rows, width, ahead)
        else:
            add_tile(like, 6, 1, g, g_step, r, r_step, x, x_step, n_rows, width, ahead)


@njit(nogil=True)
def _add_rest(like, n, g, g_step, r, r_step, x, x_step, n_rows, width, ahead):
    if n == 1:
        add_tile(like, 1, 0, g, g_step, r, r_step, x, x_step, n_rows, width, ahead)
    elif n == 2:
        add_tile(like, 2, 0, g, g_step, r, r_step, x, x_step, n_rows, width, ahead)
    elif n == 3:
        add_tile(like, 3, 0, g, g_step, r, r_step, x, x_step, n_rows, width, ahead)
    elif MOST_CLASSES > 3:
        if n == 4:
            add_tile(like, 4, 0, g, g_step, r, r_step, x, x_step, n_rows, width, ahead)
        elif n == 5:
            add_tile(like, 5, 0, g, g_step, r, r_step, x, x_step, n_rows, width, ahead)
        else:
            add_tile(like, 6, 0, g, g_step, r, r_step, x, x_step, n_rows, width, ahead)


# Rows of a tile of logits, and bytes of features of a tile of the gradient, by its classes.
_ROWS = (0, *map(rows_of, range(1, MOST_CLASSES + 1)))
_TILE_BYTES = (0, *(features_of(n, 1) for n in range(1, MOST_CLASSES + 1)))


@njit(nogil=True)
def _make_logits(like, w, x, n_rows, n_features, n_classes, z, z_step, ahead):
    """Logits of a block, class-major; half of the block `ahead` bytes later is prefetched."""
    size = like.itemsize
    step = n_features * size
    n_tiles = -(-n_classes // MOST_CLASSES)
    group = min(n_classes, _GROUP_CLASSES)
    width = max(128, _GROUP_BYTES // (group * size) // 32 * 32)
    front = x + ahead
    for begin in range(0, n_features, width):
        n = min(width, n_features - begin)
        for first in range(0, n_tiles, 2):
            for pair in range(0, n_rows, 8):
                for tile in range(first, min(first + 2, n_tiles)):
                    k = tile * n_classes // n_tiles
                    n_tile = (tile + 1) * n_classes // n_tiles - k
                    rows = _ROWS[n_tile]
                    pace = rows * 32 // n_tiles if ahead else 0
                    for i in range(pair, min(pair + 8, n_rows), rows):
                        _dot(
                            like,
                            n_tile,
                            w + k * step + begin * size,
                            step,
                            x + i * step + begin * size,
                            step,
                            n_rows - 1 - i,
                            z + k * z_step + i * size,
                            z_step,
                            n,
                            begin,
                            (front, pace),
                        )
                        front += -(-n * size // 64) * pace


@njit(nogil=True)
def _add_rows(like, x, n_rows, n_features, n_classes, r, r_step, ahead, g):
    """Add a block's rows times its residuals to the gradient; prefetches the other half."""
    size = like.itemsize
    step = n_features * size
    n_tiles = -(-n_classes // MOST_CLASSES)
    whole = _TILE_BYTES[-(-n_classes // n_tiles)] // size
    front, j = x + ahead + n_rows * step // 2 if ahead else x, 0
    while j < n_features:
        is_whole = j + whole <= n_features
        n = whole if is_whole else whole // 2
        pace = n * size // 2 // n_tiles if ahead else 0
        for tile in range(n_tiles):
            k = tile * n_classes // n_tiles
            n_tile = (tile + 1) * n_classes // n_tiles - k
            _add(
                like,
                n_tile,
                is_whole,
                g + 8 * (k * n_features + j),
                8 * n_features,
                r + k * r_step,
                r_step,
                x + j * size,
                step,
                n_rows,
                n_features - j,
                (front, pace),
            )
            front += n_rows * pace
        j += n


@njit(nogil=True, fastmath=_FASTMATH)
def _loss(largest, right, total, n_rows):
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
def _add_share(like, w, x, y, n_features, n_classes, start, stop, rows, ahead, g):
    """Add the samples ``start <= i < stop`` to the gradient and return their loss.

    Labels are at the address y; `rows` is a block's number of rows.
    """
    size = like.itemsize
    z = np.empty((n_classes, rows), like.dtype)
    largest, total, right = (np.empty(rows, like.dtype), np.empty(rows, like.dtype), np.empty(rows))
    loss = 0.0
    for begin in range(start, stop, rows):
        n = min(rows, stop - begin)
        here = x + begin * n_features * size
        _make_logits(like, w, here, n, n_features, n_classes, z.ctypes.data, rows * size, ahead)
        for i in range(n):
            right[i] = z[label_at(y, begin + i), i]
        soften(
            like, z.ctypes.data, rows * size, n_classes, n, largest.ctypes.data, total.ctypes.data
        )
        for i in range(n):
            z[label_at(y, begin + i), i] -= 1
        loss += _loss(largest, right, total, n)
        _add_rows(like, here, n, n_features, n_classes, z.ctypes.data, rows * size, ahead, g)
    return loss


def _make_add_alone(built_from):
    @njit(nogil=True, cache=True)
    def add_alone(like, w, x, y, n_samples, rows, ahead, result):
        """Gradient on one thread; returns the loss."""
        _ = built_from
        n_classes, n_features = result.shape
        g = result.ctypes.data
        loss = _add_share(like, w, x, y, n_features, n_classes, 0, n_samples, rows, ahead, g)
        for k in range(n_classes):
            for j in range(n_features):
                result[k, j] /= n_samples
        return loss / n_samples

    return add_alone


def _make_add_together(built_from):
    @njit(parallel=THREADS_ONLY, nogil=True, cache=True)
    def add_together(like, w, x, y, n_samples, rows, ahead, n_shares, result):
        """Gradient, the samples shared out to threads in whole blocks; returns the loss.

        The first thread's sum becomes the result. Sums are at least a cache line apart, so that no
        two threads write to one line.
        """
        _ = built_from
        n_classes, n_features = result.shape
        others = np.zeros((n_shares - 1, n_classes * n_features + 8))
        losses = np.zeros((n_shares, 8))
        n_blocks = -(-n_samples // rows)
        for share in prange(n_shares):
            n = np.int64(share)
            g = others[n - 1].ctypes.data if n else result.ctypes.data
            start = n * n_blocks // n_shares * rows
            stop = min((n + 1) * n_blocks // n_shares * rows, n_samples)
            losses[n, 0] = _add_share(
                like, w, x, y, n_features, n_classes, start, stop, rows, ahead, g
            )
        for k in range(n_classes):
            for j in range(n_features):
                total = result[k, j]
                for share in range(n_shares - 1):
                    total += others[share, k * n_features + j]
                result[k, j] = total / n_samples
        return losses[:, 0].sum() / n_samples

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
_add_together = _make_add_together(_digest())
_LIKE = {8: np.empty(1), 4: np.empty(1, np.float32)}


def ready(X, y):
    """X and y in C order; compiles the code for such data."""
    X, y = np.ascontiguousarray(X), np.ascontiguousarray(y)
    row, label = np.zeros((1, 1), X.dtype), np.zeros(1, y.dtype)
    like, result = _LIKE[X.itemsize], np.zeros((1, 1))
    addresses = (array.ctypes.data for array in (row, row, label))
    _add_alone(like, *addresses, 1, ROWS_UNIT, 0, result)
    if count_threads() > 1:
        addresses = (array.ctypes.data for array in (row, row, label))
        _add_together(like, *addresses, 1, ROWS_UNIT, 0, 2, result)
    return X, y


def gradient(weights, X, y):
    return loss_gradient(weights, X, y)[1]


def loss_gradient(weights, X, y):
    """The loss and the gradient."""
    weights = np.ascontiguousarray(weights, X.dtype)
    (n_samples, n_features), n_classes = X.shape, len(weights)
    result = np.zeros(weights.shape)
    rows = _count_rows(n_samples, n_features * X.itemsize)
    ahead = rows * n_features * X.itemsize if X.nbytes > own_cache_bytes() else 0
    w, x, labels = weights.ctypes.data, X.ctypes.data, y.ctypes.data
    like = _LIKE[X.itemsize]
    n_shares = 1
    if n_samples * n_features * n_classes >= _THREADS_PAY_FROM:
        n_shares = min(count_threads(), -(-n_samples // rows))
    if n_shares == 1:
        loss = _add_alone(like, w, x, labels, n_samples, rows, ahead, result)
    else:
        loss = _add_together(like, w, x, labels, n_samples, rows, ahead, n_shares, result)
    return loss, result


def _count_rows(n_samples, row_bytes):
    """Rows of a block, a multiple of the tiles'."""
    most = min(_MOST_ROWS, _BLOCK_BYTES // row_bytes, n_samples + ROWS_UNIT - 1)
    return max(ROWS_UNIT, most // ROWS_UNIT * ROWS_UNIT)
