"""One pass over a share of the samples: rows are read while earlier rows are added.

The gradient ``X^T r(X w)`` needs each row of X twice: for its inner product with the weights, and,
once its residual is known, to be added to the gradient. Two matrix-vector products read X from
memory twice. Here the second use comes from cache, because the pass is a software pipeline over
steps of 4 or 8 rows::

    iteration      k-2             k-1              k
    rows of k-2    read from       residuals        added to
                   memory          (one vector)     the gradient, from L1
    rows of k-1                    read             residuals        added
    rows of k                                       read             residuals ...

In iteration k, one loop over the features (a step, `steps.py`) loads each vector of the weights and
of the gradient once, reads the rows of k and adds those of k-2. Inner products and residuals live
in z, a ring of three steps. No load waits for the residual of the same iteration, and memory stays
busy while rows are added: reading some rows and then adding them would leave memory idle half the
time.

Variants:

- rows of a step from distant parts of X (`_add_spread`), where the hardware prefetcher follows that
  many streams;
- narrow rows (`narrow_rows.py`), whose weights and sums stay in registers;
- an X that stays in L1 or L2 is read and then added, without a pipeline (`add_all`).

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

# Longest row, in bytes, that is added two steps after it is read, so that no step waits for the
# residuals of the one before; three steps of longer rows leave L2 (1,000 x 10,000: 1.15x).
_LAG_BYTES = 3 * 2**13
# Rows of a step where they come from memory and are longer: 8 of them, and 8 that are added, take
# 1.02 to 1.1 times as long from 4,000 to 10,000 features (Zen 5).
_LONG_ROWS = 4
_PIPE = tuning().step_rows  # rows of a step of the pipeline
# The ring of 3 steps, then labels and weights of a step of rows from distant parts.
# Padded so that threads share no cache line.
_LABELS, _WEIGHTS, ROOM = 3 * STEP, 4 * STEP, 5 * STEP + 8


def _make_few(**kind):
    """Make a function that takes all rows of an X, 8 at a time, then 4, 2 and 1."""
    eight, four, two, one = (make_step(n, **kind) for n in (STEP, 4, 2, 1))

    @njit(nogil=True, inline="always")
    def take(weights, X, total, z):
        n = len(X)
        for i in range(0, n - STEP + 1, STEP):
            eight(weights, X, i, i, total, z, i, i)
        i = n // STEP * STEP
        if n & 4:
            four(weights, X, i, i, total, z, i, i)
            i += 4
        if n & 2:
            two(weights, X, i, i, total, z, i, i)
            i += 2
        if n & 1:
            one(weights, X, i, i, total, z, i, i)

    return take


# Store the inner products of all rows in ``z[:len(X)]``; add all rows times their residuals, which
# stand there, to the total.
read_few, sum_few = _make_few(reads=True), _make_few(adds=True)


@njit(nogil=True)
def _move(part, total):
    """If `part` is separate from `total`, add it to `total` and zero it."""
    if part.itemsize != total.itemsize:
        for j in range(len(total)):
            total[j] += part[j]
            part[j] = 0


def _round_rows(X, y):
    """Samples of a round of narrow rows, or 0 if rows are not narrow."""


@overload(_round_rows)
def _count_round_rows(X, y):
    (least, most), n_rows = narrow_features(X.dtype, y.dtype), STEP * tuning().parts
    return lambda X, y: n_rows if least <= X.shape[1] <= most else 0


def _turn(terms, z, at, y, i, n):
    """As `turn`. A 2-D y has the labels of distant parts: ``y[:, i]``."""


@overload(_turn)
def _choose_turn(terms, z, at, y, i, n):
    return _turn_parts if y.ndim == 2 else lambda terms, z, at, y, i, n: turn(terms, z, at, y, i, n)


def _turn_parts(terms, z, at, y, i, n):
    n_rows = y.shape[1]
    call, sample_weight, sums = terms
    for part in range(n):
        z[_LABELS + part] = y[part, i]
        if sample_weight:
            z[_WEIGHTS + part] = value_at(z, sample_weight, part * n_rows + i)
    gathered = address_of(z, _WEIGHTS) if sample_weight else 0
    turn((call, gathered, sums), z, at, z[_LABELS:], 0, n)


def _make_pipeline(n_rows):
    """Make the pipeline in steps of some rows; it returns the first row left over.

    The rows of a step are neighbours in a 2-D X. In a 3-D X they come from its parts, and `start`
    and `stop` count rows of a part.
    """
    both_near = make_step(n_rows, reads=True, adds=True)
    both_far = make_step(n_rows, reads=True, adds=True, from_memory=True)
    read, add = make_step(n_rows, reads=True), make_step(n_rows, adds=True)

    @njit(nogil=True)
    def pipeline(terms, weights, X, y, start, stop, from_memory, total, part, z):
        n_taken = 1 if X.ndim == 3 else n_rows
        n_steps = (stop - start) // n_taken
        lag = 2 if X.shape[1] * X.itemsize <= _LAG_BYTES else 1
        for k in range(n_steps + lag):
            i = start + k * n_taken
            to, of = k % 3 * n_rows, (k + 3 - lag) % 3 * n_rows
            if 1 <= k <= n_steps:
                _turn(terms, z, (k - 1) % 3 * n_rows, y, i - n_taken, n_rows)
            if k < min(n_steps, lag):
                read(weights, X, i, 0, part, z, to, 0)
            elif k < n_steps and from_memory:
                both_far(weights, X, i, i - lag * n_taken, part, z, to, of)
            elif k < n_steps:
                both_near(weights, X, i, i - lag * n_taken, part, z, to, of)
            elif k >= lag:
                add(weights, X, 0, i - lag * n_taken, part, z, 0, of)
            if k % (PART_ROWS // n_rows) == 1:  # PART_ROWS rows are added: two steps lag
                _move(part, total)
        return start + n_steps * n_taken

    return pipeline


_add_pipelined = _make_pipeline(_PIPE)
_add_long = _add_pipelined if _PIPE == _LONG_ROWS else _make_pipeline(_LONG_ROWS)


def _add_spread(terms, weights, X, y, start, stop, total, part, z):
    """As `_add_pipelined`, each row of a step from another part of X.

    The rows of a part follow each other in memory: a stream for the hardware prefetcher.
    """


@overload(_add_spread)
def _choose_spread(terms, weights, X, y, start, stop, total, part, z):
    if tuning().parts == 1:
        return lambda terms, weights, X, y, start, stop, total, part, z: start

    def add_spread(terms, weights, X, y, start, stop, total, part, z):
        n = (stop - start) // _PIPE
        end = start + n * _PIPE
        rows = X[start:end].reshape((_PIPE, n, X.shape[1]))
        labels = y[start:end].reshape((_PIPE, n))
        call, sample_weight, sums = terms
        if sample_weight:
            sample_weight += start * z.itemsize
        _add_pipelined(
            (call, sample_weight, sums), weights, rows, labels, 0, n, True, total, part, z
        )
        return end

    return add_spread


@njit(nogil=True, inline="always")
def _add_rest(terms, weights, rows, y, i, part, z):
    """Read rows, of which the first has the i-th label, and then add them."""
    read_few(weights, rows, part, z)
    turn(terms, z, 0, y, i, len(rows))
    sum_few(weights, rows, part, z)


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
    return np.empty(ROOM, y.dtype)


@njit(nogil=True, inline="always")
def add_samples(terms, weights, X, y, start, stop, from_memory, z, total):
    """Make `total` the sum over the samples ``start <= i < stop``, computed in the type of z.

    Rows from memory are prefetched, or taken from distant parts of the share; in cache both only
    cost time. z is from `new_room`. In float32, rows are added up in a separate array, which is
    added to `total` every `PART_ROWS` rows (and some more at the end).
    """
    total[:] = 0  # by the thread that adds: else lines would come from another core's cache
    part, n_rows = part_of(total, z), _round_rows(X, y)
    if n_rows:
        n_rounds = (stop - start) // n_rows
        add_narrow(terms, weights, X, y, start, n_rounds, total)
        start += n_rounds * n_rows
    if from_memory:
        start = _add_spread(terms, weights, X, y, start, stop, total, part, z)
    if from_memory and X.shape[1] * X.itemsize > _LAG_BYTES:
        start = _add_long(terms, weights, X, y, start, stop, True, total, part, z)
    else:
        start = _add_pipelined(terms, weights, X, y, start, stop, from_memory, total, part, z)
    _add_rest(terms, weights, X[start:stop], y, start, part, z)
    _move(part, total)


@njit(nogil=True, inline="always")
def add_all(terms, weights, X, y, total):
    """As `add_samples`, of an X that stays in cache: all rows are read, and then added."""
    total[:] = 0
    z = np.empty(len(y) + STEP, y.dtype)
    part = part_of(total, z)
    _add_rest(terms, weights, X, y, 0, part, z)
    _move(part, total)
