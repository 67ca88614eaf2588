"""Whether threads gain anything just now: a process that shares its processors must ask often.

The end of a loop over threads waits for the slowest. Where another process has one of two
processors, that is up to the length of a turn of the scheduler, some milliseconds: a hundred times
as long as a gradient of 1,800 x 65 takes on one thread. So the times of calls by threads and by one
thread are compared, for each size of X apart. Calls by threads that lose are followed by calls on
one thread, for a time in which the loss is a small part.
"""

import functools

# What threads have lost may be so large a part of the time until they are tried again.
_LOST_SHARE = 0.05
# One thread is timed in one of so many calls, first in the second, after a warm-up.
_CALLS_BETWEEN = 4096
# Weight of the last call in the mean of the calls by threads. One that is slow by chance counts for
# little where calls are long, and for much where it takes a hundred times as long as the others.
_WEIGHT = 0.25
_LOSES = 1.1  # by this factor the mean of the calls by threads may be longer, as times vary


class Load:
    """Times of calls of one size by threads and by one thread."""

    def __init__(self):
        self.one_seconds = 0.0  # of a call by one thread, the last time; 0: not known yet
        self.seconds = 0.0  # mean of the calls by threads since they last rested; 0: none
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
        """Let threads rest if the mean of their calls is longer than one thread takes."""
        last = end - begin
        self.seconds += (last - self.seconds) * (_WEIGHT if self.seconds else 1.0)
        if self.one_seconds and self.seconds > _LOSES * self.one_seconds:
            self.rest_until = end + (last - self.one_seconds) / _LOST_SHARE
            self.seconds = 0.0


@functools.cache
def _load_of(power, shared):
    return Load()


def load_at(size, shared):
    """The times for about a size, such as bytes of X, and what threads share out, in a word."""
    return _load_of(size.bit_length(), shared)
