"""How much of X the processor's caches hold."""

import functools

from impls._machine import cache_bytes
from impls._onepass.tuning import tuning


@functools.cache
def cached_bytes():
    """Bytes of X up to which rows arrive in time without a prefetch, by any number of threads."""
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
