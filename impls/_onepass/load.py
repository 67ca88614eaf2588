"""Whether threads gain anything just now: a process that shares its processors must ask often.

The end of a loop over threads waits for the slowest. Where another process has one of two
processors, that is up to the length of a turn of the scheduler, some milliseconds: a hundred times
as long as a gradient of 1,800 x 65 takes on one thread. So the times of calls by threads and by one
thread are compared, for each size of X apart. Calls by threads that lose are followed by calls on
one thread, for a time in which the loss is a small part.
"""

import functools

# What was lost by threads may be so large a part of the time until they are tried again.
_LOST_SHARE = 0.05
# One thread is timed in one of so many calls, first in the first one after the warm-up.
_CALLS_BETWEEN = 512
_LOSES = 1.1  # by this factor calls by threads may be slower, as times vary by chance


class Load:
    """Times of calls of one size by threads and by one thread."""

    def __init__(self):
        self.one_seconds = 0.0  # of a call by one thread, the last time; 0: not known yet
        self.rest_until = 0.0  # by the clock of `perf_counter`
        self.n_calls = 0

    def asks_for_threads(self, now):
        """Whether the next call is one by threads."""
        self.n_calls += 1
        return now >= self.rest_until and self.n_calls % _CALLS_BETWEEN != 2

    def note_one(self, begin, end):
        """Keep the time of a call by one thread."""
        self.one_seconds = end - begin

    def note_threads(self, begin, end):
        """After a call by threads that took longer than one thread would, let threads rest."""
        lost = end - begin - self.one_seconds
        if self.one_seconds and end - begin > _LOSES * self.one_seconds:
            self.rest_until = end + lost / _LOST_SHARE


@functools.cache
def _load_of(power):
    return Load()


def load_at(n_bytes):
    """The times for X of about `n_bytes`: to the power of 2 below."""
    return _load_of(n_bytes.bit_length())
