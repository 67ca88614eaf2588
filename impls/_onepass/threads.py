"""The call: one thread or all, and which share of the samples or features each computes.

`fused_gradient` chooses by the size of X. Below `threads_pay_from`, one thread. Else each thread
adds up its share of the samples, and the sums are merged; for few long rows, the threads share out
the features instead, because merging long sums would cost more than the rows.

Built from: d55b085b21a4 (tests/_built_from.py)
"""

import functools
import os

import numpy as np
from numba import get_num_threads, njit, prange

from impls._machine import cache_bytes
from impls._onepass.narrow_rows import PART_ROWS
from impls._onepass.passes import add_resident, add_share, in_order, read_few, sum_few, turn_few
from impls._onepass.tuning import tuning
from impls._onepass.vectors import LINE_BYTES, aligned, prefetch_value

PAY_FROM_VARIABLE = "GRADMARK_THREADS_PAY_FROM"
# Most features for which float32 kernels keep a float32 copy of the weights and, per thread, of the
# sums: 8 KB a thread. The weights of more features are converted as they are read.
_MOST_COPIED = 1000
# Rows of float32 below which one thread beats two, because converting the weights and merging the
# sums cost more than they save (10,000 features: two threads are 1.4x slower for 10 rows, equal at
# 20; python -m scripts.race --contender fused_float32 --size 10 10000, with 0 here and
# _MANY_FEATURES raised).
_CONVERTED_ROWS = 12
# Up to so many samples, and from so many features on, threads share out features instead of
# samples: merging sums that no longer fit in L1 takes longer than waking the threads twice. The
# time falls to 0.5 for 10 x 10,000 and 0.9 for 32 x 5,000; 64 x 5,000 takes as long either way
# (python -m scripts.race --contender fused --size 10 10000, with _MANY_FEATURES raised).
_FEW_ROWS, _MANY_FEATURES = 32, 4000
# Below this many values (32 KB of float64) threads never pay off, so the threshold is not looked
# up.
_ALONE_VALUES = 2**12
# Bytes of X up to which all rows are read and then added: from L1 and L2, a pipeline gains nothing.
# In L1 (32 KB) the time falls to 0.7 to 0.8 of the pipeline's, from 10 to 500 features; up to 96 KB
# to 0.9 to 1.03 (python -m scripts.race --contender fused --size 40 100, with the number at 0).
_RESIDENT_BYTES = 3 * 2**15


@njit(nogil=True, cache=True)
def _copy_into(result, weights, y):
    """Copy the weights in y's type into the first half of the result, which is written last."""
    single = result.view(y.dtype)[: len(weights)]
    _copy(weights, single)
    return single


@njit(nogil=True, cache=True)
def _copy(source, target):
    """Copy in a loop, which LLVM vectorises; it does not where an assignment converts."""
    for j in range(len(target)):
        target[j] = source[j]


@njit(nogil=True, cache=True)
def _add_up(result, totals):
    """Add the other threads' sums, prefetched all at once from those threads' caches."""
    for share in range(len(totals)):
        total = totals[share]
        for j in range(0, len(result), LINE_BYTES // total.itemsize):
            prefetch_value(total, j)
        for j in range(len(result)):
            result[j] += total[j]


@njit(cache=True)
def _add_alone(weights, X, y, result):
    """Gradient on one thread, of an X that fits in its core's cache."""
    if X.size * X.itemsize <= _RESIDENT_BYTES and len(y) <= PART_ROWS:
        add_resident(in_order(weights), X, y, result)
    else:
        add_share(weights, X, y, X.size * X.itemsize, np.int64(0), np.int64(1), result)


@njit(cache=True)
def _add_few_alone(weights, X, y, result):
    """As `_add_alone`, for few samples in float32."""
    single, total = _copy_into(result, weights, y), np.empty(len(weights), y.dtype)
    _add_alone(single, X, y, total)
    _copy(total, result)


@njit(cache=True)
def _add_one_share(weights, X, y, cached, result):
    """Gradient on the only thread there is: a loop over threads would take 5 us to start."""
    add_share(weights, X, y, cached, np.int64(0), np.int64(1), result)


# Of numba's parallel transformations the loop over threads alone: others would start threads for a
# sum.
THREADS_ONLY = {"prange": True, "numpy": False, "inplace_binop": False}


@njit(parallel=THREADS_ONLY, cache=True)
def _add_together(weights, X, y, cached, n_shares, result):
    """Gradient, the samples shared out to threads; the first thread's sum becomes the result.

    Sums are padded to whole cache lines and one more, so that no two threads write to one line.
    """
    n_features = len(result)
    others = np.empty((n_shares - 1, (n_features + 15) // 8 * 8))
    for share in prange(n_shares):
        n = np.int64(share)
        total = others[n - 1, :n_features] if n else result
        add_share(weights, X, y, cached, n, n_shares, total)
    _add_up(result, others)


@njit(parallel=THREADS_ONLY, cache=True)
def _add_few_together(weights, X, y, cached, n_shares, result):
    """As `_add_together`, for few samples in float32."""
    single, n_features = _copy_into(result, weights, y), len(result)
    totals = np.empty((n_shares, (n_features + 31) // 16 * 16), y.dtype)
    for share in prange(n_shares):
        n = np.int64(share)
        add_share(single, X, y, cached, n, n_shares, totals[n, :n_features])
    _copy(totals[0], result)
    _add_up(result, totals[1:])


@njit(nogil=True, cache=True)
def _features_of(n, n_shares, n_features):
    """Where the n-th of `n_shares` shares begins, on a cache line of the result, and ends."""
    stop = (n + 1) * n_features // n_shares // 8 * 8 if n + 1 < n_shares else n_features
    return n * n_features // n_shares // 8 * 8, stop


@njit(parallel=THREADS_ONLY, cache=True)
def _add_features_together(weights, X, y, n_shares, result):
    """Gradient of few samples, the features shared out to threads: there are no sums to merge.

    Threads start twice; in between, their parts of the inner products are added up.
    """
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
    turn_few(z, y[:n_samples])
    for share in prange(n_shares):
        n = np.int64(share)
        start, stop = _features_of(n, n_shares, n_features)
        sum_few(weights[start:stop], X[:, start:stop], z, result[start:stop])


@njit  # not kept on disk: numba cannot keep a function that asks for its threads
def count_threads():
    """Threads that numba may use; starts them."""
    return get_num_threads()


def fused_gradient(weights, X, y):
    """``X^T (sigmoid(X w) - y)`` in one pass, in float64.

    Parameters
    ----------
    weights : ndarray of float64
    X : ndarray
        In C order: float64, float32, uint8, or the bits of float16 as uint16. A large X that is no
        array has a gradient of its own, ``X.gradient``.
    y : ndarray of float64 or float32
        The type that rows are computed in. With float32, copies take at most 8 bytes per feature
        and thread, and 8 KB per thread.
    """
    # Bytes as computed: values that are stored in fewer take as long.
    if X.size > _ALONE_VALUES and X.size * y.itemsize >= threads_pay_from():
        return _gradient_by_threads(weights, X, y)
    result = np.empty(len(weights))  # half the cost of an array that numba returns
    if y.itemsize == 8:
        _add_alone(weights, X, y, result)
    else:
        _add_singles_alone(weights, X, y, result)
    return result


def _gradient_by_threads(weights, X, y):
    """Gradient of an X that is large enough for threads, or in float32 nearly so.

    `ready` compiles with an X of one row: the choice goes by the samples of y.
    """
    if not isinstance(X, np.ndarray):
        return X.gradient(weights, y)
    result, n_shares = np.empty(len(weights)), count_threads()
    n_samples, row_bytes, cached = len(y), len(weights) * y.itemsize, _cached_bytes(n_shares)
    n_bytes = n_samples * row_bytes
    few = n_samples <= _FEW_ROWS and n_bytes <= _largest_cache_bytes()
    if n_shares > 1 and few and len(weights) >= _MANY_FEATURES:
        _add_features_together(weights, X, y, n_shares, result)
    elif y.itemsize == 4 and n_bytes <= _singles_alone_bytes(row_bytes):
        _add_singles_alone(weights, X, y, result)
    elif n_shares == 1:
        _add_one_share(_copied(weights, y), X, y, cached, result)
    elif y.itemsize == 8 or n_samples > n_shares * PART_ROWS:
        _add_together(_copied(weights, y), X, y, cached, n_shares, result)
    else:
        _add_few_together(weights, X, y, cached, n_shares, result)
    return result


def _singles_alone_bytes(row_bytes):
    """Bytes of float32 up to which one thread beats two, for rows of that length."""
    return min(own_cache_bytes(), threads_pay_from() + _CONVERTED_ROWS * row_bytes)


def _add_singles_alone(weights, X, y, result):
    """Gradient in float32 on one thread, of few samples or many."""
    if len(y) <= PART_ROWS and len(weights) <= 2 * _MOST_COPIED:
        _add_few_alone(weights, X, y, result)
    else:
        _add_alone(_copied(weights, y), X, y, result)


def _copied(weights, y):
    """The weights in y's type, or as they are if a copy would be too large."""
    if y.itemsize == 8 or len(weights) > _MOST_COPIED:
        return weights
    return weights.astype(y.dtype, copy=False)


def ready(X, y):
    """X and y in C order; compiles the code for such data.

    An X that fits in cache is copied to the beginning of a cache line if it does not lie there.
    NumPy's arrays do not, and every other load of 32 bytes then touches two lines: 5 to 15 % in
    cache, nothing from memory.
    """
    X, y = np.ascontiguousarray(X), np.ascontiguousarray(y)
    if X.ctypes.data % LINE_BYTES and X.nbytes <= _largest_cache_bytes():
        X, unaligned = aligned(X.shape, X.dtype), X
        X[:] = unaligned
    gradient = fused_gradient
    if X.size > _ALONE_VALUES and X.size * y.itemsize >= threads_pay_from():
        gradient = _gradient_by_threads
    gradient(np.zeros(X.shape[1]), X[:1], y)
    return X, y


def own_caches_bytes():
    """Bytes of X that the threads' own caches hold together; starts the threads."""
    return own_cache_bytes() * count_threads()


@functools.cache
def _cached_bytes(n_threads):
    """Bytes of X up to which rows arrive in time without a prefetch."""
    own = own_cache_bytes() * n_threads
    # Half of the last-level cache, which other cores use as well.
    return max(own, _largest_cache_bytes() // 2) if tuning().llc_needs_no_prefetch else own


@functools.cache
def own_cache_bytes():
    """Bytes of L2, or of the smallest cache where there is none."""
    caches = cache_bytes()
    return caches.get(2, min(caches.values()))


@functools.cache
def _largest_cache_bytes():
    return max(cache_bytes().values())


@functools.cache
def threads_pay_from():
    """Bytes of X, as computed, from which threads are used.

    Raises
    ------
    ValueError
        If GRADMARK_THREADS_PAY_FROM is set and no whole number of bytes.
    """
    text = os.environ.get(PAY_FROM_VARIABLE)
    if text is None:
        return tuning().threads_pay_from
    if not text.isdecimal():
        raise ValueError(f"{PAY_FROM_VARIABLE} is {text!r}, expected a whole number of bytes")
    return int(text)
