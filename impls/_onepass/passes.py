"""One pass over X: rows are read for their inner products while earlier ones are added up.

The plain way, inner products of a block and then its sum, leaves memory idle while the block is
added from cache. Here one loop over the features does both, for different rows: it reads the rows
of a block from memory and adds those of an earlier block, which are still in cache. The residuals
of the block between them are computed meanwhile, all rows of it in one vector.

The loops over the features (`_steps`) are written as vector instructions (LLVM's, through numba),
because LLVM itself vectorises neither a loop of sums and a store together, nor exp.

What keeps it from the roof is the second use, for inner products alone reach it at any size. Rows
that no longer are in the first-level cache, and weights and gradient that are not, take places that
lines from memory wait in: on a Xeon (32 KB, 12 places), for each line that a plain read asks for,
2.5 are asked for and 0.25 go back, which leaves 0.9 of the roof at 1,000 features. Zen 3 reads
ahead by itself in long streams, and 24 lines at most for whoever asks: what a step takes are rows
of 4 distant parts of X, each of which is read from its first row to its last. From 1,000 features
on, its loads and stores alone take as long, in cache as well (`python -m scripts.race --moves`); at
10,000, 8 rows of 80 KB leave the second-level cache. `_tuning` says what suits which. Narrow rows
have a loop of their own (`_narrow`).

Built from: 1b6a429f685b (tests/_built_from.py)
"""

import numpy as np
from numba import njit
from numba.extending import overload

from impls._onepass.narrow_rows import PART_ROWS, STEP, add_narrow, narrow_features
from impls._onepass.residuals import make_residuals
from impls._onepass.steps import make_step
from impls._onepass.tuning import tuning

# 8 rows at a time share the weights and the gradient, or 4. The residuals of a block of rows are
# computed together: what `_tuning` says of rows of that length.
_FEW_STEP, _HALF_BLOCK, _BLOCK = 4, 16, 32
_NO_BLOCKS = 2**62  # rows of a block: none is as large
_ROOM = 3 * _BLOCK + 8  # a cache line between what two threads write

_read_eight, _add_eight = make_step(STEP, reads=True), make_step(STEP, adds=True)
_both_eight = make_step(STEP, reads=True, adds=True)
_both_eight_far = make_step(STEP, reads=True, adds=True, far=True)
_read_four, _add_four = make_step(_FEW_STEP, reads=True), make_step(_FEW_STEP, adds=True)
_both_four = make_step(_FEW_STEP, reads=True, adds=True)
_both_four_far = make_step(_FEW_STEP, reads=True, adds=True, far=True)
_read_two, _add_two = make_step(2, reads=True), make_step(2, adds=True)
_residuals_two = make_residuals(2)
_read_one, _add_one = make_step(1, reads=True), make_step(1, adds=True)
_residuals_eight, _residuals_four = make_residuals(STEP), make_residuals(_FEW_STEP)
_residuals_block, _residuals_half = make_residuals(_BLOCK), make_residuals(_HALF_BLOCK)
_residuals_one = make_residuals(1)


@njit(nogil=True, cache=True)
def _move(part, total):
    """Add what has been added up in `part` to `total`, if it is an array of its own."""
    if part.itemsize != total.itemsize or len(part) != len(total):
        for j in range(len(total)):
            total[j] += part[j]
            part[j] = 0


def _round_rows(X, y):
    """Samples that a round of narrow rows takes, or 0 if they are not narrow."""


@overload(_round_rows)
def _count_round_rows(X, y):
    (least, most), n_rows = narrow_features(X.dtype, y.dtype), STEP * tuning().narrow_parts
    return lambda X, y: n_rows if least <= X.shape[1] <= most else 0


@njit(nogil=True, cache=True)
def _turn(z, at, y, i, n):
    """Turn `n` inner products, ``z[at:]``, into the residuals of the samples from `i` on."""
    if n == _BLOCK:
        _residuals_block(z, at, y, i)
    elif n == _HALF_BLOCK:
        _residuals_half(z, at, y, i)
    else:
        _residuals_eight(z, at, y, i)


@njit(nogil=True, cache=True)
def _add_eights(weights, X, y, start, stop, total, part, z, far, n):
    """Blocks of `n` rows, 8 at a time; returns the first row that is left over.

    A block's residuals are computed while the one before it is added; where there are no blocks of
    so many rows, 8 are read, and then added. Of an X of three dimensions, `start` and `stop` count
    rows of each of its 8 parts, of which one is taken at a time.
    """
    step, n_taken = STEP, 1 if X.ndim == 3 else STEP
    n_steps = n // step
    n_rows = n_steps * n_taken
    n_blocks = (stop - start) // n_rows
    for k in range(n_blocks):
        i = start + k * n_rows
        to, of = k % 3 * n, (k - 2) % 3 * n
        if k >= 1:
            _turn(z, (k - 1) % 3 * n, y, i - n_rows, n)
        for m in range(n_steps):
            row, at = i + m * n_taken, m * step
            if k < 2:
                _read_eight(weights, X, row, 0, part, z, to + at, 0)
            elif far:
                _both_eight_far(weights, X, row, row - 2 * n_rows, part, z, to + at, of + at)
            else:
                _both_eight(weights, X, row, row - 2 * n_rows, part, z, to + at, of + at)
        if k > 1 and k % (PART_ROWS // n) == 1:  # so many blocks are added: two are not yet
            _move(part, total)
    end = start + n_blocks * n_rows
    if n_blocks:
        _turn(z, (n_blocks - 1) % 3 * n, y, end - n_rows, n)
    for k in range(max(0, n_blocks - 2), n_blocks):
        for m in range(n_steps):
            row, of = start + k * n_rows + m * n_taken, k % 3 * n + m * step
            _add_eight(weights, X, 0, row, part, z, 0, of)
    while end + n_taken <= stop:
        _read_eight(weights, X, end, 0, part, z, 0, 0)
        _residuals_eight(z, 0, y, end)
        _add_eight(weights, X, 0, end, part, z, 0, 0)
        end += n_taken
        if (end - start) % PART_ROWS == 0:
            _move(part, total)
    return end


@njit(nogil=True, cache=True)
def _add_fours(weights, X, y, start, stop, total, part, z, far, late):
    """As `_add_eights`, blocks of `_FEW_STEP` rows or of one from each of as many parts.

    They are added while those `late` blocks after them are read, 1 to 3: of more than one, the
    residuals of a block are computed while another is added, and short steps need not wait.
    """
    n, n_taken = _FEW_STEP, 1 if X.ndim == 3 else _FEW_STEP
    n_blocks = (stop - start) // n_taken
    for k in range(n_blocks):
        i = start + k * n_taken
        to, of = (k & 3) * n, ((k - late) & 3) * n
        if k >= 1:
            _residuals_four(z, ((k - 1) & 3) * n, y, i - n_taken)
        if k < late:
            _read_four(weights, X, i, 0, part, z, to, 0)
        elif far:
            _both_four_far(weights, X, i, i - late * n_taken, part, z, to, of)
        else:
            _both_four(weights, X, i, i - late * n_taken, part, z, to, of)
        if k and k % (PART_ROWS // n) == 0:
            _move(part, total)
    end = start + n_blocks * n_taken
    if n_blocks:
        _residuals_four(z, ((n_blocks - 1) & 3) * n, y, end - n_taken)
    for k in range(max(0, n_blocks - late), n_blocks):
        _add_four(weights, X, 0, start + k * n_taken, part, z, 0, (k & 3) * n)
    return end


def _add_spread(weights, X, y, start, stop, total, part, z):
    """Rows from afar, each of a step from another part of them; returns the first that is left.

    The rows of a part follow each other in memory: a stream, which the processor reads ahead.
    """


@overload(_add_spread)
def _choose_spread(weights, X, y, start, stop, total, part, z):
    if not tuning().spreads:
        return lambda weights, X, y, start, stop, total, part, z: start

    def add_spread(weights, X, y, start, stop, total, part, z):
        n_features = X.shape[1]
        block, eights, _, late = _choose_way(n_features * X.itemsize, True, y)
        n_parts = STEP if eights else _FEW_STEP
        n = (stop - start) // n_parts
        end = start + n * n_parts
        rows = X[start:end].reshape((n_parts, n, n_features))
        labels = y[start:end].reshape((n_parts, n))
        if eights:
            _add_eights(weights, rows, labels, 0, n, total, part, z, True, block)
        else:
            _add_fours(weights, rows, labels, 0, n, total, part, z, True, late)
        return end

    return add_spread


@njit(nogil=True, cache=True)
def _add_rows(weights, X, y, start, stop, total, part, z, far):
    """Add the terms of the samples ``start <= i < stop``; far: X is not near.

    What comes from afar may be asked for ahead, or taken from distant parts of the share; where X
    is near, that only costs time.

    `part` is `total` itself, or in float32 takes `PART_ROWS` rows, and at the end some more,
    before they are added to it.
    """
    n_rows = _round_rows(X, y)
    if n_rows:
        n_rounds = (stop - start) // n_rows
        add_narrow(weights, X, y, start, n_rounds, total)
        start += n_rounds * n_rows
    row_bytes = X.shape[1] * X.itemsize
    block, eights, asked, late = _choose_way(row_bytes, far, y)
    if far:
        start = _add_spread(weights, X, y, start, stop, total, part, z)
    if eights:
        start = _add_eights(weights, X, y, start, stop, total, part, z, far, block)
    start = _add_fours(weights, X, y, start, stop, total, part, z, far and asked, late)
    while start + 2 <= stop:
        _read_two(weights, X, start, 0, part, z, 0, 0)
        _residuals_two(z, 0, y, start)
        _add_two(weights, X, 0, start, part, z, 0, 0)
        start += 2
    for i in range(start, stop):
        _read_one(weights, X, i, 0, part, z, 0, 0)
        _residuals_one(z, 0, y, i)
        _add_one(weights, X, 0, i, part, z, 0, 0)
    _move(part, total)


def _choose_way(row_bytes, far, y):
    """Rows of a block; whether 8 are taken at a time; whether 4 at a time are asked for, and how
    many steps after they are read those are added."""


@overload(_choose_way)
def _choose_tuned_way(row_bytes, far, y):
    t = tuning()
    near = t.near_blocks if y.dtype.bitwidth == 64 else t.near_single_blocks
    (near_block, near_half), (far_block, far_half) = near, t.far_blocks
    near_eight, far_eight, followed = t.near_eight_bytes, t.far_eight_bytes, t.followed_bytes
    in_turn, late_bytes = t.in_turn_bytes, t.late_bytes

    def choose(row_bytes, far, y):
        block = STEP
        if not far and row_bytes > in_turn:
            block = _NO_BLOCKS
        elif row_bytes <= (far_block if far else near_block):
            block = _BLOCK
        elif row_bytes <= (far_half if far else near_half):
            block = _HALF_BLOCK
        late = 2 if far and row_bytes <= late_bytes else 1
        return block, row_bytes <= (far_eight if far else near_eight), row_bytes <= followed, late

    return choose


def _part_of(total, weights, z):
    """Where rows are added up: in float32 like the weights, or in the total itself."""


@overload(_part_of)
def _choose_part(total, weights, z):
    if weights.dtype != z.dtype or weights.dtype == total.dtype:
        return lambda total, weights, z: total
    return lambda total, weights, z: np.zeros(len(total), weights.dtype)


def in_order(weights):
    """The weights next to each other in memory, a copy only where they are not."""


@overload(in_order)
def _choose_order(weights):
    return (lambda weights: weights) if weights.layout == "C" else (lambda weights: weights.copy())


@njit(nogil=True, cache=True)
def add_share(weights, X, y, near, n, n_shares, total):
    """Make `total` the sum over the n-th of `n_shares` shares; computed in the type of y.

    near : bytes of X up to which it is near.
    """
    start, stop = n * len(X) // n_shares, (n + 1) * len(X) // n_shares
    total[:] = 0  # by the thread that adds: what another has written has to come from its cache
    z = np.empty(_ROOM, y.dtype)
    part = _part_of(total, weights, z)
    far = X.size * X.itemsize > near
    _add_rows(in_order(weights), X, y, start, stop, total, part, z, far)


@njit(nogil=True, cache=True)
def read_few(weights, X, unused, z):
    """Inner products of all rows: ``z[:len(X)]``."""
    n_samples = len(X)
    i = n_samples // STEP * STEP
    for start in range(0, i, STEP):
        _read_eight(weights, X, start, 0, unused, z, start, 0)
    if i + _FEW_STEP <= n_samples:
        _read_four(weights, X, i, 0, unused, z, i, 0)
        i += _FEW_STEP
    if i + 2 <= n_samples:
        _read_two(weights, X, i, 0, unused, z, i, 0)
        i += 2
    if i < n_samples:
        _read_one(weights, X, i, 0, unused, z, i, 0)


@njit(nogil=True, cache=True)
def turn_few(z, y):
    """Turn inner products of all samples into residuals."""
    blocks, eights = len(y) // _BLOCK * _BLOCK, len(y) // STEP * STEP
    for i in range(0, blocks, _BLOCK):
        _residuals_block(z, i, y, i)
    for i in range(blocks, eights, STEP):
        _residuals_eight(z, i, y, i)
    for i in range(eights, len(y)):
        _residuals_one(z, i, y, i)


@njit(nogil=True, cache=True)
def sum_few(unused, X, z, total):
    """Make `total` the sum of all rows, weighted by residuals: ``z[:len(X)]``."""
    n_samples = len(X)
    total[:] = 0
    i = n_samples // STEP * STEP
    for start in range(0, i, STEP):
        _add_eight(unused, X, 0, start, total, z, 0, start)
    if i + _FEW_STEP <= n_samples:
        _add_four(unused, X, 0, i, total, z, 0, i)
        i += _FEW_STEP
    if i + 2 <= n_samples:
        _add_two(unused, X, 0, i, total, z, 0, i)
        i += 2
    if i < n_samples:
        _add_one(unused, X, 0, i, total, z, 0, i)


@njit(nogil=True, cache=True)
def add_nearest(weights, X, y, result):
    """Make `result` the gradient of rows that the first-level cache holds."""
    z = np.empty(len(y), y.dtype)
    read_few(weights, X, result, z)
    turn_few(z, y)
    sum_few(weights, X, z, result)
