"""The call: who computes which share of the samples or features, on one thread or all.

Built from: ae085bae5962 (tests/_built_from.py)
"""

import functools
import os

import numpy as np
from numba import get_num_threads, njit, prange

from impls._machine import cache_bytes
from impls._onepass.narrow_rows import PART_ROWS
from impls._onepass.passes import add_nearest, add_share, in_order, read_few, sum_few, turn_few
from impls._onepass.tuning import tuning
from impls._onepass.vectors import LINE_BYTES, aligned, ask_for_value

PAY_FROM_VARIABLE = "GRADMARK_THREADS_PAY_FROM"
# Features of which float32 kernels copy the weights, once, and the sums, per thread: of more, that
# would take more than 8 KB a thread, and they are converted as they are read.
_MOST_COPIED = 1000
# Of float32, which take one thread as long as to convert and to add up the sums of two: 10,000
# features take 1.4 times as long by two threads if there are 10 rows, and the same from 20 on.
_CONVERTED_ROWS = 12
# Samples up to which, and features from which, threads share out features, not samples: to merge
# sums that no longer fit in the first-level cache takes longer than to wake threads again. 10 x
# 10,000 takes half the time, 32 x 5,000 0.9 of it, 64 x 5,000 as long.
_FEW_ROWS, _MANY_FEATURES = 32, 4000
# Values of X up to which threads never pay: 32 KB of float64. Nobody is asked.
_ALONE_VALUES = 2**12
# Bytes of X of which nothing is gained by reading some rows while others are added: all are read,
# and then added. In the first-level cache (32 KB) that takes 0.7 to 0.8 of the time of steps that
# do both, from 10 to 500 features; up to 96 KB 0.9 to 1.03 of it.
_NEAREST_BYTES = 3 * 2**15


@njit(nogil=True, cache=True)
def _copy_into(result, weights, y):
    """Weights of y's type in the first half of the result, which is written last."""
    single = result.view(y.dtype)[: len(weights)]
    _copy(weights, single)
    return single


@njit(nogil=True, cache=True)
def _copy(source, target):
    """In a loop, which becomes vectors: an assignment of another type does not."""
    for j in range(len(target)):
        target[j] = source[j]


@njit(nogil=True, cache=True)
def _add_up(result, totals):
    """Add what other threads have added up, all of it asked for at once: it is in their caches."""
    for share in range(len(totals)):
        total = totals[share]
        for j in range(0, len(result), LINE_BYTES // total.itemsize):
            ask_for_value(total, j)
        for j in range(len(result)):
            result[j] += total[j]


@njit(cache=True)
def _add_alone(weights, X, y, result):
    """Gradient by one thread, of an X that fits in its own cache."""
    if X.size * X.itemsize <= _NEAREST_BYTES and len(y) <= PART_ROWS:
        add_nearest(in_order(weights), X, y, result)
    else:
        add_share(weights, X, y, X.size * X.itemsize, np.int64(0), np.int64(1), result)


@njit(cache=True)
def _add_few_alone(weights, X, y, result):
    """As `_add_alone`, of few samples in float32."""
    single, total = _copy_into(result, weights, y), np.empty(len(weights), y.dtype)
    _add_alone(single, X, y, total)
    _copy(total, result)


@njit(cache=True)
def _add_one_share(weights, X, y, near, result):
    """Gradient by the only thread, which takes 5 us to wake as one of many."""
    add_share(weights, X, y, near, np.int64(0), np.int64(1), result)


# Of the parallel transformations only the loop over threads: others would wake them for a sum.
THREADS_ONLY = {"prange": True, "numpy": False, "inplace_binop": False}


@njit(parallel=THREADS_ONLY, cache=True)
def _add_together(weights, X, y, near, n_shares, result):
    """Gradient, the samples shared out to threads; the first one's sum becomes the result.

    Sums are padded to whole cache lines and one more, so that no two threads write to one line.
    """
    n_features = len(result)
    others = np.empty((n_shares - 1, (n_features + 15) // 8 * 8))
    for share in prange(n_shares):
        n = np.int64(share)
        total = others[n - 1, :n_features] if n else result
        add_share(weights, X, y, near, n, n_shares, total)
    _add_up(result, others)


@njit(parallel=THREADS_ONLY, cache=True)
def _add_few_together(weights, X, y, near, n_shares, result):
    """As `_add_together`, of few samples in float32."""
    single, n_features = _copy_into(result, weights, y), len(result)
    totals = np.empty((n_shares, (n_features + 31) // 16 * 16), y.dtype)
    for share in prange(n_shares):
        n = np.int64(share)
        add_share(single, X, y, near, n, n_shares, totals[n, :n_features])
    _copy(totals[0], result)
    _add_up(result, totals[1:])


@njit(nogil=True, cache=True)
def _features_of(n, n_shares, n_features):
    """Where the n-th of `n_shares` shares begins, with a cache line of the result, and ends."""
    stop = (n + 1) * n_features // n_shares // 8 * 8 if n + 1 < n_shares else n_features
    return n * n_features // n_shares // 8 * 8, stop


@njit(parallel=THREADS_ONLY, cache=True)
def _add_features_together(weights, X, y, n_shares, result):
    """Gradient of few samples, the features shared out to threads: there is no sum to merge.

    Threads are woken twice: what each has of the inner products is added up in between.
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


@njit  # not kept on disk: numba cannot keep what asks for its threads
def count_threads():
    return get_num_threads()


def fused_gradient(weights, X, y):
    """``X^T (sigmoid(X w) - y)`` in one pass, in float64; rows are computed in the type of y.

    X holds float64, float32, the bits of float16 as uint16, or uint8, in C order; y float64 or
    float32; weights float64. Copies of float32 keep within 8 bytes for each feature and thread,
    and 8 KB for each thread. A large X that is no array has a gradient of its own: ``X.gradient``.
    """
    # Bytes as computed: what is stored in fewer takes as long.
    if X.size > _ALONE_VALUES and X.size * y.itemsize >= threads_pay_from():
        return _gradient_by_threads(weights, X, y)
    result = np.empty(len(weights))  # which costs half of what numba takes to return an array
    if y.itemsize == 8:
        _add_alone(weights, X, y, result)
    else:
        _add_singles_alone(weights, X, y, result)
    return result


def _gradient_by_threads(weights, X, y):
    """Gradient of what is large enough for threads; of few samples in float32, nearly.

    X may have fewer rows than y: it is added as y's samples would be.
    """
    if not isinstance(X, np.ndarray):
        return X.gradient(weights, y)
    result, n_shares = np.empty(len(weights)), count_threads()
    n_samples, row_bytes, near = len(y), len(weights) * y.itemsize, _near_bytes(n_shares)
    n_bytes = n_samples * row_bytes
    few = n_samples <= _FEW_ROWS and n_bytes <= _largest_cache_bytes()
    if n_shares > 1 and few and len(weights) >= _MANY_FEATURES:
        _add_features_together(weights, X, y, n_shares, result)
    elif y.itemsize == 4 and n_bytes <= _singles_alone_bytes(row_bytes):
        _add_singles_alone(weights, X, y, result)
    elif n_shares == 1:
        _add_one_share(_copied(weights, y), X, y, near, result)
    elif y.itemsize == 8 or n_samples > n_shares * PART_ROWS:
        _add_together(_copied(weights, y), X, y, near, n_shares, result)
    else:
        _add_few_together(weights, X, y, near, n_shares, result)
    return result


def _singles_alone_bytes(row_bytes):
    """Bytes of float32 up to which one thread is faster than two, of rows of that length."""
    return min(own_cache_bytes(), threads_pay_from() + _CONVERTED_ROWS * row_bytes)


def _add_singles_alone(weights, X, y, result):
    """Gradient in float32 by one thread, of few samples or many."""
    if len(y) <= PART_ROWS and len(weights) <= 2 * _MOST_COPIED:
        _add_few_alone(weights, X, y, result)
    else:
        _add_alone(_copied(weights, y), X, y, result)


def _copied(weights, y):
    """The weights in y's type, or as they are where a copy would be too large."""
    if y.itemsize == 8 or len(weights) > _MOST_COPIED:
        return weights
    return weights.astype(y.dtype, copy=False)


def ready(X, y):
    """X and y in C order, once threads are measured and the code for such data is made.

    What fits in cache is copied to where a cache line begins, if it does not lie there: NumPy's
    arrays do not, and loads of 32 bytes then touch two lines every other time, which costs 5 to
    15 % in cache and nothing in memory.
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
    """Bytes of X up to which the caches that the threads have for themselves hold it."""
    return own_cache_bytes() * count_threads()


@functools.cache
def _near_bytes(n_threads):
    """Bytes of X up to which it comes in time without being asked for."""
    own = own_cache_bytes() * n_threads
    # Half of what others may use as well.
    return max(own, _largest_cache_bytes() // 2) if tuning().last_level_is_near else own


@functools.cache
def own_cache_bytes():
    """Bytes of the largest cache that a core has for itself."""
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
