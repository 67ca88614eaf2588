"""What Python calls: compiled functions that numba keeps on disk.

numba's cache notices changes in the file that defines a function, and in no other, but tells
functions of one name apart by the values that they enclose. Each function here encloses a digest of
the engine's files and numbers, so that an edit anywhere in the engine is seen. Functions that these
call are kept inside them and nowhere else.
"""

import functools
import hashlib
from pathlib import Path

import numpy as np
from numba import njit, prange

from impls._onepass.narrow_rows import PART_ROWS
from impls._onepass.passes import add_resident, add_share, in_order, read_few, sum_few
from impls._onepass.terms import IS_MEAN, SAMPLE_WEIGHT, SUM, SUMS, field, turn
from impls._onepass.tuning import tuning
from impls._onepass.vectors import LINE_BYTES, prefetch_value

# Bytes of X up to which all rows are read and then added: from L1 and L2, a pipeline gains nothing.
# In L1 (32 KB) the time falls to 0.7 to 0.8 of the pipeline's, from 10 to 500 features; up to 96 KB
# to 0.9 to 1.03 (python -m scripts.race --contender fused --size 40 100, with the number at 0).
_RESIDENT_BYTES = 3 * 2**15
# Of numba's parallel transformations the loop over threads alone: others would start threads for a
# sum.
THREADS_ONLY = {"prange": True, "numpy": False, "inplace_binop": False}


@functools.cache
def digest():
    """Digest of the engine's files and of the numbers that it is compiled with."""
    return digest_of(Path(__file__).parent)


def digest_of(folder):
    """Digest of the engine whose files stand in a folder."""
    texts = [path.read_bytes() for path in sorted(folder.glob("*.py"))]
    return hashlib.sha256(b"\0".join([*texts, repr(tuning()).encode()])).hexdigest()


@njit(nogil=True)
def _in_type(weights, y):
    """A copy of the weights in y's type."""
    single = np.empty(len(weights), y.dtype)
    _copy(weights, single)
    return single


@njit(nogil=True)
def _copy(source, target):
    """Copy in a loop, which LLVM vectorises; it does not where an assignment converts."""
    for j in range(len(target)):
        target[j] = source[j]


@njit(nogil=True)
def _add_up(result, totals):
    """Add the other threads' sums, prefetched all at once from those threads' caches."""
    for share in range(len(totals)):
        total = totals[share]
        for j in range(0, len(result), LINE_BYTES // total.itemsize):
            prefetch_value(total, j)
        for j in range(len(result)):
            result[j] += total[j]


@njit(nogil=True, inline="always")
def terms_of(call, n):
    """Addresses of a call, of its sample weights and of the sums of its n-th share; 0 is none."""
    sums = field(call, SUM)
    return call, field(call, SAMPLE_WEIGHT), sums + 8 * SUMS * n if sums else 0


@njit(nogil=True, inline="always")
def finish(call, result, n_samples):
    """Divide the sum over the samples where the objective is their mean."""
    if field(call, IS_MEAN):
        for j in range(len(result)):
            result[j] /= n_samples


@njit(nogil=True, inline="always")
def _add_all(call, weights, X, y, result):
    """Make `result` the sum over all samples, of an X that fits in its core's cache."""
    if X.size * X.itemsize <= _RESIDENT_BYTES and len(y) <= PART_ROWS:
        add_resident(terms_of(call, 0), in_order(weights), X, y, result)
    else:
        n = np.int64(0)
        add_share(terms_of(call, 0), weights, X, y, X.size * X.itemsize, n, np.int64(1), result)


def make_add_alone(engine):
    """Gradient on one thread, of an X that fits in its core's cache."""

    @njit(cache=True)
    def add_alone(call, weights, X, y, result):
        _ = engine
        _add_all(call, weights, X, y, result)
        finish(call, result, len(y))

    return add_alone


def make_add_few_alone(engine):
    """As `_add_alone`, for few samples in float32."""

    @njit(cache=True)
    def add_few_alone(call, weights, X, y, result):
        _ = engine
        single, total = _in_type(weights, y), np.empty(len(weights), y.dtype)
        _add_all(call, single, X, y, total)
        _copy(total, result)
        finish(call, result, len(y))

    return add_few_alone


def make_add_one_share(engine):
    """Gradient on the only thread there is: a loop over threads would take 5 us to start."""

    @njit(cache=True)
    def add_one_share(call, weights, X, y, cached, result):
        _ = engine
        add_share(terms_of(call, 0), weights, X, y, cached, np.int64(0), np.int64(1), result)
        finish(call, result, len(y))

    return add_one_share


def make_add_together(engine):
    """Gradient, the samples shared out to threads; the first thread's sum becomes the result.

    Sums are padded to whole cache lines and one more, so that no two threads write to one line.
    """

    @njit(parallel=THREADS_ONLY, cache=True)
    def add_together(call, weights, X, y, cached, n_shares, result):
        _ = engine
        n_features = len(result)
        others = np.empty((n_shares - 1, (n_features + 15) // 8 * 8))
        for share in prange(n_shares):
            n = np.int64(share)
            total = others[n - 1, :n_features] if n else result
            add_share(terms_of(call, n), weights, X, y, cached, n, n_shares, total)
        _add_up(result, others)
        finish(call, result, len(y))

    return add_together


def make_add_few_together(engine):
    """As `_add_together`, for few samples in float32."""

    @njit(parallel=THREADS_ONLY, cache=True)
    def add_few_together(call, weights, X, y, cached, n_shares, result):
        _ = engine
        single, n_features = _in_type(weights, y), len(result)
        totals = np.empty((n_shares, (n_features + 31) // 16 * 16), y.dtype)
        for share in prange(n_shares):
            n = np.int64(share)
            total = totals[n, :n_features]
            add_share(terms_of(call, n), single, X, y, cached, n, n_shares, total)
        _copy(totals[0], result)
        _add_up(result, totals[1:])
        finish(call, result, len(y))

    return add_few_together


@njit(nogil=True)
def _features_of(n, n_shares, n_features):
    """Where the n-th of `n_shares` shares begins, on a cache line of the result, and ends."""
    stop = (n + 1) * n_features // n_shares // 8 * 8 if n + 1 < n_shares else n_features
    return n * n_features // n_shares // 8 * 8, stop


def make_add_features_together(engine):
    """Gradient of few samples, the features shared out to threads: there are no sums to merge.

    Threads start twice; in between, their parts of the inner products are added up.
    """

    @njit(parallel=THREADS_ONLY, cache=True)
    def add_features_together(call, weights, X, y, n_shares, result):
        _ = engine
        n_samples, n_features = X.shape
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
            sum_few(weights[start:stop], X[:, start:stop], z, result[start:stop])
        finish(call, result, n_samples)

    return add_features_together
