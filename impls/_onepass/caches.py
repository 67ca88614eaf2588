"""How much of X the processor's caches hold."""

import functools

from impls._machine import cache_bytes
from impls._onepass.tuning import tuning

# Rows of up to so many bytes are prefetched from the last-level cache too. Longer ones, which the
# hardware prefetcher follows, gain less and take up to 1.2 times as long there.
SHORT_ROW_BYTES = 2**11


@functools.cache
def short_rows_bytes():
    """Bytes of an X of short rows up to which they arrive in time without a prefetch.

    A prefetch costs little in the last-level cache: 0.83 to 1.07 of the time without one, at 48 to
    256 features. Where other data have pushed X out of that cache, it takes 0.65 to 0.8 of the time
    (one and two threads of a Zen 5; python -m scripts.race --cold). Half of an X of twice L2 is
    still there.
    """
    return 2 * own_cache_bytes()


@functools.cache
def long_rows_bytes():
    """The same of an X of longer rows, by any number of threads."""
    # Half of the last-level cache, which other cores use as well.
    llc = 0 if tuning().prefetches_llc else largest_cache_bytes() // 2
    return max(own_cache_bytes(), llc)


@functools.cache
def own_cache_bytes():
    """Bytes of L2, or of the smallest cache where there is none."""
    caches = cache_bytes()
    return caches.get(2, min(caches.values()))


@functools.cache
def largest_cache_bytes():
    """Bytes of the last-level cache."""
    return max(cache_bytes().values())
