"""The call: one thread or all, and which share of the samples or features each computes.

`compute` chooses by the size of X. Below `threads_pay_from`, one thread. Else the samples are cut
into chunks, which threads take as they have time, and the chunks' sums are merged in order; for
few long rows, the threads share out the features instead, because merging long sums would cost more
than the rows.
"""

import functools
import os

import numpy as np
from numba import get_num_threads, njit

from impls._onepass import entries, load
from impls._onepass.arrays import aligned
from impls._onepass.caches import largest_cache_bytes, own_cache_bytes
from impls._onepass.terms import pass_codes, place_of_pass
from impls._onepass.tuning import tuning
from impls._onepass.vectors import LINE_BYTES

PAY_FROM_VARIABLE = "GRADMARK_THREADS_PAY_FROM"
# Up to so many samples, and from so many features on, threads share out features instead of
# samples: merging sums that no longer fit in L1 takes longer than waking the threads twice. The
# time falls to 0.5 for 10 x 10,000 and 0.9 for 32 x 5,000; 64 x 5,000 takes as long either way
# (python -m scripts.race --contender fused --size 10 10000, with _MANY_FEATURES raised).
_FEW_ROWS, _MANY_FEATURES = 32, 4000
# Below this many values (32 KB of float64) threads never pay off, so the threshold is not looked
# up.
ALONE_VALUES = 2**12

add_alone = entries.make_add_alone(entries.digest())
_add_large_alone = entries.make_add_large_alone(entries.digest())
_add_together = entries.make_add_together(entries.digest())
_add_features_together = entries.make_add_features_together(entries.digest())
_kept = []  # what owns the code of the `pass_codes`
_STORED = (np.float64, np.float32, np.uint8)


@njit  # not kept on disk: numba cannot keep a function that asks for its threads
def count_threads():
    """Threads that numba may use; starts them."""
    return get_num_threads()


def compute(call, weights, X, y):
    """Gradient by one thread or all, for the `Call` at an address.

    Compiled code is made ready with an X of one row: the choice goes by the samples of y.
    """
    if not isinstance(X, np.ndarray):
        return X.gradient(call, weights, y)
    result = np.empty(len(weights))
    try:
        _compute(call, weights, X, y, result)
    except entries.NotCompiled:  # X was prepared in another process
        compile_pass(X, y)
        _compute(call, weights, X, y, result)
    return result


def _compute(call, weights, X, y, result):
    n_bytes = len(y) * len(weights) * y.itemsize
    if n_bytes < threads_pay_from():
        add_alone(call, weights, X, y, result)
    elif count_threads() == 1:
        _add_large_alone(call, weights, X, y, result)
    else:
        _compute_together(call, weights, X, y, n_bytes, result)


def compile_pass(X, y):
    """Compile the pass over chunks of such data, unless that is done."""
    place = place_of_pass(X.itemsize, y.itemsize)
    if not pass_codes[place]:
        compiled = entries.make_add_chunk(entries.digest(), X.dtype, y.dtype)
        _kept.append(compiled)
        pass_codes[place] = compiled.address


def _way_together(n_samples, n_features, n_bytes):
    """What threads share out, in a word, and the function that does."""
    is_few = n_samples <= _FEW_ROWS and n_bytes <= largest_cache_bytes()
    if is_few and n_features >= _MANY_FEATURES:
        return "features", _add_features_together
    return "samples", _add_together


def _compute_together(call, weights, X, y, n_bytes, result):
    """Gradient by threads, unless they gain nothing just now."""
    shared, together = _way_together(len(y), len(weights), n_bytes)
    by_threads = call, weights, X, y, count_threads(), result
    by_one = call, weights, X, y, result
    load.run(n_bytes, shared, together, by_threads, _add_large_alone, by_one)


def ready(terms, X, y):
    """X and y in C order; compiles the code for such data.

    An X that fits in cache is copied to the beginning of a cache line if it does not lie there.
    NumPy's arrays do not, and every other load of 32 bytes then touches two lines: 5 to 15 % in
    cache, nothing from memory.
    """
    if not isinstance(X, np.ndarray):
        return X.ready(terms, y)
    X, y = (_writable(np.ascontiguousarray(each)) for each in (X, y))
    if X.ctypes.data % LINE_BYTES and X.nbytes <= largest_cache_bytes():
        X, unaligned = aligned(X.shape, X.dtype), X
        X[:] = unaligned
    if X.dtype.type not in _STORED:  # passes are told apart by the bytes of a value
        raise TypeError(f"X is stored in {X.dtype}, expected float64, float32 or uint8")
    compile_pass(X, y)
    _compile_entries(terms.addresses[y.itemsize], X, y)
    return X, y


def _compile_entries(call, X, y):
    """Call what such data may take with one row, apart from the times that `load` compares."""
    weights, n_bytes = np.zeros(X.shape[1]), X.size * y.itemsize
    if n_bytes < threads_pay_from():
        add_alone(call, weights, X[:1], y, weights)
        return
    _add_large_alone(call, weights, X[:1], y, weights)  # threads may do it, or one: by the load
    if count_threads() > 1:
        _, together = _way_together(*X.shape, n_bytes)
        together(call, weights, X[:1], y, count_threads(), weights)


class _Alias:
    """The memory of an array, as if it could be written."""

    def __init__(self, values):
        interface = values.__array_interface__
        self.values = values  # so that the memory stays
        self.__array_interface__ = interface | {"data": (interface["data"][0], False)}


def _writable(values):
    """The same values; numba would compile everything once more for a read-only array (3 s)."""
    return values if values.flags.writeable else np.asarray(_Alias(values))


def own_caches_bytes():
    """Bytes of X that the threads' own caches hold together; starts the threads."""
    return own_cache_bytes() * count_threads()


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
