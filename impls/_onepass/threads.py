"""The call: one thread or all, and which share of the samples or features each computes.

`compute` chooses by the size of X. Below `threads_pay_from`, one thread. Else each thread
adds up its share of the samples, and the sums are merged; for few long rows, the threads share out
the features instead, because merging long sums would cost more than the rows.
"""

import functools
import os

import numpy as np
from numba import get_num_threads, njit

from impls._machine import cache_bytes
from impls._onepass import entries
from impls._onepass.narrow_rows import PART_ROWS
from impls._onepass.tuning import tuning
from impls._onepass.vectors import LINE_BYTES, aligned

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
ALONE_VALUES = 2**12

_add_alone = entries.make_add_alone(entries.digest())
_add_few_alone = entries.make_add_few_alone(entries.digest())
_add_one_share = entries.make_add_one_share(entries.digest())
_add_together = entries.make_add_together(entries.digest())
_add_few_together = entries.make_add_few_together(entries.digest())
_add_features_together = entries.make_add_features_together(entries.digest())


@njit  # not kept on disk: numba cannot keep a function that asks for its threads
def count_threads():
    """Threads that numba may use; starts them."""
    return get_num_threads()


def compute(call, weights, X, y):
    """Gradient by one thread or all, for the `Call` at an address.

    `ready` compiles with an X of one row: the choice goes by the samples of y.
    """
    if not isinstance(X, np.ndarray):
        return X.gradient(call, weights, y)
    n_samples, row_bytes = len(y), len(weights) * y.itemsize
    result = np.empty(len(weights))
    if n_samples * row_bytes < threads_pay_from():
        ALONE[y.itemsize](call, weights, X, y, result)
    else:
        _compute_together(call, weights, X, y, n_samples, row_bytes, result)
    return result


def _compute_together(call, weights, X, y, n_samples, row_bytes, result):
    """Gradient of an X that is large enough for threads, or in float32 nearly so."""
    n_shares, n_bytes = count_threads(), n_samples * row_bytes
    cached = _cached_bytes(n_shares)
    few = n_samples <= _FEW_ROWS and n_bytes <= _largest_cache_bytes()
    if n_shares > 1 and few and len(weights) >= _MANY_FEATURES:
        _add_features_together(call, weights, X, y, n_shares, result)
    elif y.itemsize == 4 and n_bytes <= _singles_alone_bytes(row_bytes):
        _add_singles_alone(call, weights, X, y, result)
    elif n_shares == 1:
        _add_one_share(call, _copied(weights, y), X, y, cached, result)
    elif y.itemsize == 8 or n_samples > n_shares * PART_ROWS:
        _add_together(call, _copied(weights, y), X, y, cached, n_shares, result)
    else:
        _add_few_together(call, weights, X, y, cached, n_shares, result)


def _singles_alone_bytes(row_bytes):
    """Bytes of float32 up to which one thread beats two, for rows of that length."""
    return min(own_cache_bytes(), threads_pay_from() + _CONVERTED_ROWS * row_bytes)


def _add_singles_alone(call, weights, X, y, result):
    """Gradient in float32 on one thread, of few samples or many."""
    if len(y) <= PART_ROWS and len(weights) <= 2 * _MOST_COPIED:
        _add_few_alone(call, weights, X, y, result)
    else:
        _add_alone(call, _copied(weights, y), X, y, result)


ALONE = {8: _add_alone, 4: _add_singles_alone}


def _copied(weights, y):
    """The weights in y's type, or as they are if a copy would be too large."""
    if y.itemsize == 8 or len(weights) > _MOST_COPIED:
        return weights
    return weights.astype(y.dtype, copy=False)


def ready(terms, X, y):
    """X and y in C order; compiles the code for such data.

    An X that fits in cache is copied to the beginning of a cache line if it does not lie there.
    NumPy's arrays do not, and every other load of 32 bytes then touches two lines: 5 to 15 % in
    cache, nothing from memory.
    """
    X, y = np.ascontiguousarray(X), np.ascontiguousarray(y)
    if X.ctypes.data % LINE_BYTES and X.nbytes <= _largest_cache_bytes():
        X, unaligned = aligned(X.shape, X.dtype), X
        X[:] = unaligned
    compute(terms.addresses[y.itemsize], np.zeros(X.shape[1]), X[:1], y)
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
