"""Whether threads gain anything just now: a process that shares its processors must ask often.

The end of a loop over threads waits for the slowest. Where another process has one of two
processors, that is up to the length of a turn of the scheduler, some milliseconds: a hundred times
as long as a gradient of 1,800 x 65 takes on one thread. So the times of calls by threads and by one
thread are compared, for each size of X apart. After calls by threads that lose, threads rest.
The first rest lasts as long as was lost; each further loss doubles that multiple, up to 64.

Often it is this process that takes the processors: the threads of another library, such as
OpenBLAS's after each product in scipy's L-BFGS-B, wait busily. Its CPU time tells, so that threads
then go on resting without a call that loses.
"""

import functools
from time import perf_counter, process_time

from impls._machine import count_threads

# Threads rest at most so many times as long as they lost: then a few per cent of the time are lost.
_MOST_RESTS = 64
# One thread is timed in one of so many calls, first in the second, after a warm-up.
_CALLS_BETWEEN = 4096
# Weight of the last call in the mean of the calls by threads. One that is slow by chance counts for
# little, as the first after a pause, which wakes threads in 50 us; and for much where it takes a
# hundred times as long as the others.
_WEIGHT = 1 / 16
_LOSES = 1.1  # by this factor the mean of the calls by threads may be longer, as times vary
# The first call by threads after a rest wakes them in 50 us. One that takes so much longer than one
# thread waits for a processor: a turn of the scheduler is 2 to 4 ms.
_WAKE_SECONDS = 0.001
# Linux adds up the CPU time of running threads at each tick, 1 to 4 ms: a shorter rest has none.
_LEAST_REST_SECONDS = 0.01


class Load:
    """Times of calls of one size by threads and by one thread."""

    def __init__(self):
        self.one_seconds = 0.0  # of a call by one thread, the last time; 0: not known yet
        self.seconds = 0.0  # mean of the calls by threads since they last rested; 0: none
        self.is_awake = False  # the first call by threads after a rest counts if it is very slow
        self.rest_from = 0.0  # by the clock of `perf_counter`
        self.rest_until = 0.0
        self.processor_seconds = 0.0  # of this process, when the rest began
        self.rests = 1  # times that what was lost is rested
        self.gained_until = 0.0  # if threads have not lost by then, their next rest is half as long
        self.n_calls = 0

    def asks_for_threads(self, now):
        """Whether the next call is one by threads."""
        self.n_calls += 1
        if now < self.rest_until or self.n_calls % _CALLS_BETWEEN == 2:
            return False
        if not self.is_awake and self.rest_from and self._are_processors_taken(now):
            self._rest(now, self.rest_until - self.rest_from)
            return False
        return True

    def note_one(self, begin, end):
        """Keep the time of a call by one thread."""
        self.one_seconds = end - begin

    def note_threads(self, begin, end):
        """Let threads rest if the mean of their calls is longer than one thread takes."""
        last = end - begin
        if not self.is_awake:
            self.is_awake = True
            if not self.one_seconds or last < self.one_seconds + _WAKE_SECONDS:
                return
        self.seconds += (last - self.seconds) * (_WEIGHT if self.seconds else 1.0)
        if self.one_seconds and self.seconds > _LOSES * self.one_seconds:
            lost = max(0.0, last - self.one_seconds)
            self._rest(end, max(_LEAST_REST_SECONDS, self.rests * lost))
            self.rests = min(2 * self.rests, _MOST_RESTS)
        elif self.rests > 1 and end > self.gained_until:
            self.rests //= 2
            self.gained_until = end + (self.gained_until - self.rest_until) / 2
            self.rest_until = end

    def _rest(self, now, seconds):
        self.rest_from, self.rest_until, self.gained_until = now, now + seconds, now + 2 * seconds
        self.processor_seconds = process_time()
        self.seconds, self.is_awake = 0.0, False

    def _are_processors_taken(self, now):
        """Whether other threads of this process have had most processors since the rest began."""
        others = (process_time() - self.processor_seconds) / (now - self.rest_from) - 1
        return others > (count_threads() - 1) / 2


@functools.cache
def _load_of(power, shared):
    return Load()


def run(size, shared, together, by_threads, alone, by_one):
    """Call one of two functions that compute the same, by threads or by one thread.

    Parameters
    ----------
    size : int
        What the time depends on, such as the bytes of X; times are kept by its power of 2.
    shared : str
        What the threads share out, in a word: the times of each are kept apart.
    together, by_threads : callable, tuple
        The function by threads, and its arguments.
    alone, by_one : callable, tuple
        The same by one thread, where threads gain nothing just now. Closures instead of arguments
        cost some 0.5 us: 5 % at 1,000 x 100.
    """
    load, begin = _load_of(size.bit_length(), shared), perf_counter()
    if load.asks_for_threads(begin):
        result = together(*by_threads)
        load.note_threads(begin, perf_counter())
    else:
        result = alone(*by_one)
        load.note_one(begin, perf_counter())
    return result
