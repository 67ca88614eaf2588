"""What Python calls: compiled functions that numba keeps on disk.

numba's cache notices changes in the file that defines a function, and in no other, but tells
functions of one name apart by the values that they enclose. Each function here encloses a digest of
the engine's files and numbers, so that an edit anywhere in the engine is seen. Functions that these
call are kept inside them and nowhere else, but for the pass over a chunk of the samples: it is half
of what there is to compile, and one thread and several call the same by its address.
"""

import functools
import hashlib
from pathlib import Path

import numpy as np
from numba import carray, cfunc, config, from_dtype, njit, prange, types
from numba.extending import overload

from impls._onepass.caches import SHORT_ROW_BYTES
from impls._onepass.memory import (
    address_of,
    call_code,
    integer_at,
    set_value_at,
    take,
    value_at,
)
from impls._onepass.narrow_rows import PART_ROWS
from impls._onepass.passes import ROOM, add_all, add_samples, new_room, read_few, sum_few
from impls._onepass.terms import (
    IS_MEAN,
    LONG_ROWS,
    PASSES,
    RESIDENT,
    SAMPLE_WEIGHT,
    SHORT_ROWS,
    SUMS,
    SUMS_LENGTH,
    place_of_pass,
    turn,
)
from impls._onepass.tuning import tuning
from impls._onepass.vectors import LINE_BYTES

# A chunk of samples costs 0.2 us, which is 2 % of 10 us: there are 2, from 512 rows and 256 KB on
# 4, and 4 for each 2 MB, 32 at most. A chunk has a multiple of 32 rows, or of 4 below 512 rows,
# where chunks would differ too much.
_FOUR_FROM_BYTES, _FOUR_BYTES, _MOST_FOURS = 2**18, 2**21, 8
_FEW_ROWS, _BLOCK_ROWS, _STEP_ROWS = 512, 32, 4
MOST_CHUNKS = 4 * _MOST_FOURS
MOST_SHARES = max(MOST_CHUNKS, config.NUMBA_NUM_THREADS)  # each with its sums
# Of numba's parallel transformations the loop over threads alone: others would start threads for a
# sum.
THREADS_ONLY = {"prange": True, "numpy": False, "inplace_binop": False}


@functools.cache
def digest():
    """Digest of the engine's files and of the numbers that it is compiled with."""
    return digest_of(Path(__file__).parent)


def digest_of(folder):
    """Digest of the engine whose files stand in a folder."""
    return _hash(sorted(folder.glob("*.py")), repr((tuning(), MOST_SHARES)))


def digest_with(*files):
    """Digest of the engine and of files of compiled code that is built on it."""
    return _hash(files, digest())


def _hash(files, text):
    return hashlib.sha256(
        b"\0".join([*(path.read_bytes() for path in files), text.encode()])
    ).hexdigest()


@njit(nogil=True)
def _add_up(result, totals):
    """Add the sums of the chunks after the first."""
    for n in range(1, len(totals)):
        total = totals[n]
        for j in range(len(result)):
            result[j] += total[j]


@njit(nogil=True, inline="always")
def terms_of(call, n):
    """Addresses of a call, of its sample weights and of the sums of its n-th share; 0 is none."""
    sums = integer_at(call, SUMS)
    return call, integer_at(call, SAMPLE_WEIGHT), sums + 8 * SUMS_LENGTH * n if sums else 0


@njit(nogil=True, inline="always")
def finish(call, result, n_samples):
    """Add up the shares' sums, and divide by the samples where the objective is their mean."""
    sums = integer_at(call, SUMS)
    if sums:
        for k in range(2):
            total = 0.0
            for n in range(MOST_SHARES):
                total += value_at(result, sums, n * SUMS_LENGTH + k)
            set_value_at(result, sums, k, total / n_samples if integer_at(call, IS_MEAN) else total)
    if integer_at(call, IS_MEAN):
        for j in range(len(result)):
            result[j] /= n_samples


def _in_type(weights, y):
    """The weights contiguous and in y's type, copied only where they are not."""


@overload(_in_type)
def _choose_type(weights, y):
    fits = weights.dtype == y.dtype and weights.layout == "C"
    return (lambda weights, y: weights) if fits else _copy_weights


def _copy_weights(weights, y):
    copied = np.empty(len(weights), y.dtype)
    for j in range(len(weights)):  # LLVM vectorises it; an assignment that converts it does not
        copied[j] = weights[j]
    return copied


@njit(nogil=True)
def chunk_rows(n_samples, n_bytes):
    """Samples of a chunk, by the size of X alone; whole blocks, so that few rows are left over."""
    n_chunks, unit = 2, _STEP_ROWS
    if n_samples >= _FEW_ROWS:
        unit = _BLOCK_ROWS
        if n_bytes >= _FOUR_FROM_BYTES:
            n_chunks = 4 * max(1, min(_MOST_FOURS, n_bytes // _FOUR_BYTES))
    return -(-n_samples // (n_chunks * unit)) * unit


@njit(nogil=True, inline="always")
def _new_sums(y, result):
    """A sum for each chunk, padded to whole cache lines and one more: no threads share a line."""
    n_rows = chunk_rows(len(y), len(y) * len(result) * y.itemsize)
    return np.empty((-(-len(y) // n_rows), (len(result) + 15) // 8 * 8)), n_rows


class NotCompiled(Exception):
    """There is no pass for such values and labels yet: see `make_add_chunk`."""


def make_add_chunk(engine, stored, dtype):
    """The pass over a chunk of samples, whose values are `stored` in a type, as compiled code."""
    i, at, exact = types.intp, types.voidptr, np.float64
    stored, dtype = from_dtype(stored), from_dtype(dtype)

    @cfunc(types.float64(i, i, at, at, at, i, i, i, i, i, at, at), cache=True)
    def add_chunk(
        call, share, weights, X, y, n_samples, n_features, start, stop, from_memory, z, total
    ):
        _ = engine
        add_samples(
            terms_of(call, share),
            carray(weights, (n_features,), dtype),
            carray(X, (n_samples, n_features), stored),
            carray(y, (n_samples,), dtype),
            start,
            stop,
            from_memory != 0,
            carray(z, (ROOM,), dtype),
            carray(total, (n_features,), exact),
        )
        return 0.0

    return add_chunk


@njit(nogil=True, inline="always")
def _pass_over(call, X, y):
    """Address of the pass over a chunk."""
    code = integer_at(integer_at(call, PASSES), place_of_pass(X.itemsize, y.itemsize))
    if code == 0:
        raise NotCompiled
    return code


@njit(nogil=True, inline="always")
def _add_chunk(code, call, weights, X, y, n, n_rows, z, sums, result):
    """Make the n-th sum that of the n-th chunk; the first one's is the result itself."""
    total = address_of(sums[n], 0) if n else address_of(result, 0)
    start, stop = min(n * n_rows, len(X)), min((n + 1) * n_rows, len(X))
    is_short = X.shape[1] * X.itemsize <= SHORT_ROW_BYTES
    from_memory = int(X.size * X.itemsize > integer_at(call, SHORT_ROWS if is_short else LONG_ROWS))
    batch = address_of(weights, 0), address_of(X, 0), address_of(y, 0), len(X), X.shape[1]
    call_code(code, (call, n, *batch, start, stop, from_memory, address_of(z, 0), total))


@njit(nogil=True, inline="always")
def _add_chunks(call, weights, X, y, result):
    """Make the result the sum of all chunks, one after the other."""
    code = _pass_over(call, X, y)
    (sums, n_rows), z = _new_sums(y, result), new_room(y)
    for n in range(len(sums)):
        _add_chunk(code, call, weights, X, y, n, n_rows, z, sums, result)
    _add_up(result, sums)


def make_add_alone(engine):
    """Gradient on one thread: a loop over threads would take 5 us to start."""

    @njit(cache=True)
    def add_alone(call, weights, X, y, result):
        _ = engine
        own = _in_type(weights, y)
        if X.size * X.itemsize <= integer_at(call, RESIDENT) and len(y) <= PART_ROWS:
            add_all(terms_of(call, 0), own, X, y, result)
        else:
            _add_chunks(call, own, X, y, result)
        finish(call, result, len(y))

    return add_alone


def make_add_large_alone(engine):
    """As `make_add_alone`, of an X for which threads would pay.

    Python's other threads run meanwhile. To let them costs 30 ns: 4 % of a small X.
    """

    @njit(nogil=True, cache=True)
    def add_large_alone(call, weights, X, y, result):
        _ = engine
        _add_chunks(call, _in_type(weights, y), X, y, result)
        finish(call, result, len(y))

    return add_large_alone


def make_add_together(engine):
    """Gradient, the chunks taken by threads: first each its own, then those of slower threads.

    A chunk's sum does not depend on who computes it, and they are merged in order.
    """

    @njit(parallel=THREADS_ONLY, nogil=True, cache=True)
    def add_together(call, weights, X, y, n_workers, result):
        _ = engine
        code = _pass_over(call, X, y)
        own, (sums, n_rows) = _in_type(weights, y), _new_sums(y, result)
        n_chunks = len(sums)
        taken = np.zeros((n_workers, LINE_BYTES // 8), np.int64)
        # With few chunks, waiting for one costs as little as asking the others for theirs.
        n_asked = n_workers if n_chunks > 2 * n_workers else 1
        for worker in prange(n_workers):
            z = new_room(y)
            for k in range(n_asked):
                owner = (np.int64(worker) + k) % n_workers
                begin, end = owner * n_chunks // n_workers, (owner + 1) * n_chunks // n_workers
                n = begin + take(taken, owner)
                while n < end:
                    _add_chunk(code, call, own, X, y, n, n_rows, z, sums, result)
                    n = begin + take(taken, owner)
        _add_up(result, sums)
        finish(call, result, len(y))

    return add_together


@njit(nogil=True)
def _features_of(n, n_shares, n_features):
    """Where the n-th of `n_shares` shares begins, on a cache line of the result, and ends."""
    stop = (n + 1) * n_features // n_shares // 8 * 8 if n + 1 < n_shares else n_features
    return n * n_features // n_shares // 8 * 8, stop


def make_add_features_together(engine):
    """Gradient of few samples, the features shared out to threads: there are no sums to merge.

    Threads start twice; in between, their parts of the inner products are added up.
    """

    @njit(parallel=THREADS_ONLY, nogil=True, cache=True)
    def add_features_together(call, weights, X, y, n_shares, result):
        _ = engine
        n_samples, n_features = X.shape
        weights = _in_type(weights, y)
        parts = np.empty((n_shares, (n_samples + 31) // 16 * 16), y.dtype)
        for share in prange(n_shares):
            n = np.int64(share)
            start, stop = _features_of(n, n_shares, n_features)
            read_few(weights[start:stop], X[:, start:stop], result[start:stop], parts[n])
        z = parts[0]
        for n in range(1, n_shares):
            for i in range(n_samples):
                z[i] += parts[n, i]
        turn(terms_of(call, 0), z, 0, y, 0, n_samples)
        for share in prange(n_shares):
            n = np.int64(share)
            start, stop = _features_of(n, n_shares, n_features)
            result[start:stop] = 0
            sum_few(weights[start:stop], X[:, start:stop], result[start:stop], z)
        finish(call, result, n_samples)

    return add_features_together
