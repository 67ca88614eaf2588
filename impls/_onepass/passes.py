"""One pass over a share of the samples: rows are read while earlier rows are added.

The gradient ``X^T r(X w)`` needs each row of X twice: for its inner product with the weights, and,
once its residual is known, to be added to the gradient. Two matrix-vector products read X from
memory twice. Here the second use comes from cache, because the pass is a software pipeline over
blocks of 8 to 32 rows::

    iteration      k-2             k-1              k
    block k-2      read from       residuals        added to
                   memory          (one vector)     the gradient, from L1
    block k-1                      read             residuals        added
    block k                                         read             residuals ...

In iteration k, one loop over the features (a step, `steps.py`) loads each vector of the weights and
of the gradient once, reads 8 rows of block k and adds 8 rows of block k-2. Inner products and
residuals live in z, a ring of three blocks. No load waits for the residual of the same iteration,
and memory stays busy while rows are added: reading a block and then adding it would leave memory
idle half the time.

Variants, chosen by the length of a row (`_choose_way`, `tuning.py`):

- steps of 8 rows in blocks of 8, 16 or 32 (`_add_eights`), a lag of two blocks;
- steps of 4 long rows (`_add_fours`), a lag of one or two steps;
- rows of a step from 4 or 8 distant parts of X (`_add_spread`), where the hardware prefetcher
  follows that many streams;
- narrow rows (`narrow_rows.py`), whose weights and sums stay in registers;
- an X that stays in L1 or L2 is read and then added, without a pipeline (`add_resident`);
- so are 8 rows at a time of a cached X of long rows, where that is faster (`in_turn_bytes`).

The steps and residuals are written in LLVM IR, because LLVM does not vectorise a loop that both
sums and stores, nor a call of exp.

From 1,000 features on, what keeps the pass below the read roof is the second use of the rows; inner
products alone reach the roof at every size. Rows, weights and gradient that have left L1 occupy
line-fill buffers, which lines from memory need as well. A Xeon (L1 of 32 KB, 12 buffers) requests
2.5 times as many lines as a plain read, and writes back a quarter as many; it reaches 0.9 of the
roof at 1,000 features. On a Zen 3, a loop with the loads and stores alone then took as long as the
whole gradient. At 10,000 features, the 4 rows that are read and the 4 that are added, of 80 KB
each, no longer fit in L2.

The kernel is known: dotxaxpyf of BLIS (Van Zee and van de Geijn, 2015), BiCGK and ATAX of
Build-to-Order BLAS (Belter, Jessup, Karlin and Siek, 2009), mmchain of SystemML (Ashari et al.,
"On Optimizing Machine Learning Workloads via Kernel Fusion", 2015).
"""

import numpy as np
from numba import njit
from numba.extending import overload

from impls._onepass.memory import address_of, value_at
from impls._onepass.narrow_rows import PART_ROWS, STEP, add_narrow, narrow_features
from impls._onepass.steps import make_step
from impls._onepass.terms import turn
from impls._onepass.tuning import tuning

# Rows of a step: 8 (`STEP`), or 4 long ones. Rows of a block, whose residuals are computed
# together: 32, 16 or 8.
_FEW_STEP, _HALF_BLOCK, _BLOCK = 4, 16, 32
_NO_BLOCKS = 2**62  # more rows than any share has: no pipeline
# The ring of 3 blocks, then labels and weights of a block of rows from distant parts; padded so
# that threads share no cache line.
_LABELS, _WEIGHTS, _ROOM = 3 * _BLOCK, 4 * _BLOCK, 5 * _BLOCK + 8

_read_eight, _add_eight = make_step(STEP, reads=True), make_step(STEP, adds=True)
_both_eight = make_step(STEP, reads=True, adds=True)
_both_eight_memory = make_step(STEP, reads=True, adds=True, from_memory=True)
_read_four, _add_four = make_step(_FEW_STEP, reads=True), make_step(_FEW_STEP, adds=True)
_both_four = make_step(_FEW_STEP, reads=True, adds=True)
_both_four_memory = make_step(_FEW_STEP, reads=True, adds=True, from_memory=True)
_read_two, _add_two = make_step(2, reads=True), make_step(2, adds=True)
_read_one, _add_one = make_step(1, reads=True), make_step(1, adds=True)


@njit(nogil=True)
def _move(part, total):
    """If `part` is separate from `total`, add it to `total` and zero it."""
    if part.itemsize != total.itemsize or len(part) != len(total):
        for j in range(len(total)):
            total[j] += part[j]
            part[j] = 0


def _round_rows(X, y):
    """Samples of a round of narrow rows, or 0 if rows are not narrow."""


@overload(_round_rows)
def _count_round_rows(X, y):
    (least, most), n_rows = narrow_features(X.dtype, y.dtype), STEP * tuning().narrow_parts
    return lambda X, y: n_rows if least <= X.shape[1] <= most else 0


def _turn(terms, z, at, y, i, n):
    """As `turn`. A 2-D y has the labels of distant parts: ``y[:, i]``, then ``y[:, i + 1]``..."""


@overload(_turn)
def _choose_turn(terms, z, at, y, i, n):
    return _turn_parts if y.ndim == 2 else lambda terms, z, at, y, i, n: turn(terms, z, at, y, i, n)


def _turn_parts(terms, z, at, y, i, n):
    n_parts, n_rows = y.shape
    call, sample_weight, sums = terms
    for m in range(n):
        part, row = m % n_parts, i + m // n_parts
        z[_LABELS + m] = y[part, row]
        if sample_weight:
            z[_WEIGHTS + m] = value_at(z, sample_weight, part * n_rows + row)
    gathered = address_of(z, _WEIGHTS) if sample_weight else 0
    turn((call, gathered, sums), z, at, z[_LABELS:], 0, n)


@njit(nogil=True, inline="always")
def _add_eights(terms, weights, X, y, start, stop, total, part, z, from_memory, n):
    """The pipeline in blocks of `n` rows and steps of 8; returns the first row left over.

    The 8 rows of a step are neighbours in a 2-D X. In a 3-D X they come from its 8 parts, and
    `start` and `stop` count rows of a part. Rows that fill no block are read and then added, 8 at a
    time.
    """
    step, n_taken = STEP, 1 if X.ndim == 3 else STEP
    n_steps = n // step
    n_rows = n_steps * n_taken
    n_blocks = (stop - start) // n_rows
    for k in range(n_blocks):
        i = start + k * n_rows
        to, of = k % 3 * n, (k - 2) % 3 * n
        if k >= 1:
            _turn(terms, z, (k - 1) % 3 * n, y, i - n_rows, n)
        for m in range(n_steps):
            row, at = i + m * n_taken, m * step
            if k < 2:
                _read_eight(weights, X, row, 0, part, z, to + at, 0)
            elif from_memory:
                _both_eight_memory(weights, X, row, row - 2 * n_rows, part, z, to + at, of + at)
            else:
                _both_eight(weights, X, row, row - 2 * n_rows, part, z, to + at, of + at)
        if k > 1 and k % (PART_ROWS // n) == 1:  # PART_ROWS rows are added: two blocks lag
            _move(part, total)
    end = start + n_blocks * n_rows
    if n_blocks:
        _turn(terms, z, (n_blocks - 1) % 3 * n, y, end - n_rows, n)
    for k in range(max(0, n_blocks - 2), n_blocks):
        for m in range(n_steps):
            row, of = start + k * n_rows + m * n_taken, k % 3 * n + m * step
            _add_eight(weights, X, 0, row, part, z, 0, of)
    while end + n_taken <= stop:
        _read_eight(weights, X, end, 0, part, z, 0, 0)
        _turn(terms, z, 0, y, end, step)
        _add_eight(weights, X, 0, end, part, z, 0, 0)
        end += n_taken
        if (end - start) % PART_ROWS == 0:
            _move(part, total)
    return end


@njit(nogil=True, inline="always")
def _add_fours(terms, weights, X, y, start, stop, total, part, z, from_memory, lag):
    """As `_add_eights`, with blocks of 4 rows: one step is one block.

    A block is added `lag` steps after it is read, 1 or 2 (the ring of four allows 3). With a lag of
    2, its residuals are computed while another block is added, so that short steps need not wait.
    """
    n, n_taken = _FEW_STEP, 1 if X.ndim == 3 else _FEW_STEP
    n_blocks = (stop - start) // n_taken
    for k in range(n_blocks):
        i = start + k * n_taken
        to, of = (k & 3) * n, ((k - lag) & 3) * n
        if k >= 1:
            _turn(terms, z, ((k - 1) & 3) * n, y, i - n_taken, n)
        if k < lag:
            _read_four(weights, X, i, 0, part, z, to, 0)
        elif from_memory:
            _both_four_memory(weights, X, i, i - lag * n_taken, part, z, to, of)
        else:
            _both_four(weights, X, i, i - lag * n_taken, part, z, to, of)
        if k and k % (PART_ROWS // n) == 0:
            _move(part, total)
    end = start + n_blocks * n_taken
    if n_blocks:
        _turn(terms, z, ((n_blocks - 1) & 3) * n, y, end - n_taken, n)
    for k in range(max(0, n_blocks - lag), n_blocks):
        _add_four(weights, X, 0, start + k * n_taken, part, z, 0, (k & 3) * n)
    return end


def _add_spread(terms, weights, X, y, start, stop, total, part, z):
    """Rows from memory, each of a step from another part of X; returns the first row left over.

    The rows of a part follow each other in memory: a stream for the hardware prefetcher.
    """


@overload(_add_spread)
def _choose_spread(terms, weights, X, y, start, stop, total, part, z):
    if not tuning().spreads:
        return lambda terms, weights, X, y, start, stop, total, part, z: start

    def add_spread(terms, weights, X, y, start, stop, total, part, z):
        n_features = X.shape[1]
        block, eights, _, lag = _choose_way(n_features * X.itemsize, True, y)
        n_parts = STEP if eights else _FEW_STEP
        n = (stop - start) // n_parts
        end = start + n * n_parts
        rows = X[start:end].reshape((n_parts, n, n_features))
        labels = y[start:end].reshape((n_parts, n))
        call, sample_weight, sums = terms
        if sample_weight:
            sample_weight += start * z.itemsize
        terms = call, sample_weight, sums
        if eights:
            _add_eights(terms, weights, rows, labels, 0, n, total, part, z, True, block)
        else:
            _add_fours(terms, weights, rows, labels, 0, n, total, part, z, True, lag)
        return end

    return add_spread


@njit(nogil=True, inline="always")
def _add_rows(terms, weights, X, y, start, stop, total, part, z, from_memory):
    """Add the terms of the samples ``start <= i < stop`` to `total`.

    Rows from memory may be prefetched, or taken from distant parts of the share; in cache both only
    cost time. In float64 `part` is `total`. In float32 it is a separate array, which is added to
    `total` every `PART_ROWS` rows (and some more at the end).
    """
    n_rows = _round_rows(X, y)
    if n_rows:
        n_rounds = (stop - start) // n_rows
        add_narrow(terms, weights, X, y, start, n_rounds, total)
        start += n_rounds * n_rows
    row_bytes = X.shape[1] * X.itemsize
    block, eights, prefetches, lag = _choose_way(row_bytes, from_memory, y)
    if from_memory and start < stop:
        start = _add_spread(terms, weights, X, y, start, stop, total, part, z)
    if eights and stop - start >= STEP:
        start = _add_eights(terms, weights, X, y, start, stop, total, part, z, from_memory, block)
    prefetches = from_memory and prefetches
    if stop - start >= _FEW_STEP:
        start = _add_fours(terms, weights, X, y, start, stop, total, part, z, prefetches, lag)
    while start + 2 <= stop:
        _read_two(weights, X, start, 0, part, z, 0, 0)
        turn(terms, z, 0, y, start, 2)
        _add_two(weights, X, 0, start, part, z, 0, 0)
        start += 2
    for i in range(start, stop):
        _read_one(weights, X, i, 0, part, z, 0, 0)
        turn(terms, z, 0, y, i, 1)
        _add_one(weights, X, 0, i, part, z, 0, 0)
    _move(part, total)


def _choose_way(row_bytes, from_memory, y):
    """Return (rows of a block, use steps of 8, steps of 4 prefetch, lag of steps of 4)."""


@overload(_choose_way)
def _choose_tuned_way(row_bytes, from_memory, y):
    t = tuning()
    cached = t.cached_blocks if y.dtype.bitwidth == 64 else t.cached_single_blocks
    (cached_block, cached_half), (memory_block, memory_half) = cached, t.memory_blocks
    cached_eight, memory_eight = t.cached_eight_bytes, t.memory_eight_bytes
    prefetched = t.prefetched_bytes
    in_turn, lag_bytes = t.in_turn_bytes, t.lag_bytes

    def choose(row_bytes, from_memory, y):
        block = STEP
        if not from_memory and row_bytes > in_turn:
            block = _NO_BLOCKS
        elif row_bytes <= (memory_block if from_memory else cached_block):
            block = _BLOCK
        elif row_bytes <= (memory_half if from_memory else cached_half):
            block = _HALF_BLOCK
        lag = 2 if from_memory and row_bytes <= lag_bytes else 1
        eights = row_bytes <= (memory_eight if from_memory else cached_eight)
        return block, eights, row_bytes <= prefetched, lag

    return choose


def part_of(total, z):
    """Where rows are added up: an array in float32 where they are computed so, or the total."""


@overload(part_of)
def _choose_part(total, z):
    if z.dtype == total.dtype:
        return lambda total, z: total
    return lambda total, z: np.zeros(len(total), z.dtype)


@njit(nogil=True, inline="always")
def new_room(y):
    """Room for the inner products and residuals of a thread, in the type of y."""
    return np.empty(_ROOM, y.dtype)


@njit(nogil=True, inline="always")
def add_samples(terms, weights, X, y, start, stop, from_memory, z, total):
    """Make `total` the sum over the samples ``start <= i < stop``, computed in the type of z.

    z is from `new_room`.
    """
    total[:] = 0  # by the thread that adds: else lines would come from another core's cache
    _add_rows(terms, weights, X, y, start, stop, total, part_of(total, z), z, from_memory)


@njit(nogil=True, inline="always")
def read_few(weights, X, unused, z):
    """Store the inner products of all rows in ``z[:len(X)]``."""
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


@njit(nogil=True, inline="always")
def sum_few(unused, X, z, total):
    """Make `total` the sum of all rows times their residuals ``z[:len(X)]``."""
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


@njit(nogil=True, inline="always")
def add_resident(terms, weights, X, y, result):
    """Make `result` the gradient of an X that stays in cache: read all rows, then add them."""
    z = np.empty(len(y) + STEP, y.dtype)
    read_few(weights, X, result, z)
    turn(terms, z, 0, y, 0, len(y))
    sum_few(weights, X, z, result)
