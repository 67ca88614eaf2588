"""What a contender cannot do honestly: times that no kernel can reach, and clocks that disagree.

Each function returns a reason, or an empty text. The limits leave room for what honest kernels
do: see the numbers beside them.
"""

from __future__ import annotations

import math
from statistics import median

from benchmarks._session.statistics import Estimate

# Of the read roof. A kernel may read faster than the plain reads of the roof: up to 1.17 times on
# a Zen 3, where one stream is slower than four.
_MOST_OF_ROOF = 1.25
# Time at weights that were never seen, over that of the sample: at most 1.22 for honest kernels.
_MOST_FRESH = 1.5
# Linux adds up the CPU time of a running thread at each tick, 1 to 10 ms: less than a tenth of the
# long sample, for each thread.
_MOST_PROCESSORS, _SPARE_PROCESSORS = 1.1, 0.2
# Of the session's clock over the contender's, and seconds of pipes and scheduling on top.
_MOST_CLOCK, _CLOCK_SECONDS = 1.5, 0.1


def too_fast(fraction: Estimate) -> str:
    """Faster than the read roof allows, by the low end of the interval.

    Too few rounds have no interval: a quarter of the median then has to be above the limit, because
    one read of a small X, by threads that have just woken, may be slow.
    """
    low = fraction.value / 4 if math.isnan(fraction.low) else fraction.low
    if not low > _MOST_OF_ROOF:
        return ""
    return (
        f"{fraction.value:.1f} times as fast as a pure read of X: it does not read X in each call, "
        "so that its work is done elsewhere, as in prepare"
    )


def keeps_answers(fresh: list[float], seconds: list[float]) -> str:
    """Gradients at weights that were never seen take longer than those that are timed."""
    if not fresh:
        return ""
    factor = min(fresh) / median(seconds)  # other work delays few calls more than many
    if factor <= _MOST_FRESH:
        return ""
    return f"a gradient at new weights takes {factor:.1f} times as long: it keeps answers"


def too_many_processors(used: float, n_threads: int) -> str:
    """CPU time over wall time, of a long sample."""
    if used <= _MOST_PROCESSORS * n_threads + _SPARE_PROCESSORS:
        return ""
    return f"it uses {used:.1f} processors, where {n_threads} are allowed"


def wrong_clock(waited_seconds: float, own_seconds: float) -> str:
    """The session waits longer for a sample than the contender says that it took."""
    if waited_seconds <= _MOST_CLOCK * own_seconds + _CLOCK_SECONDS:
        return ""
    return (
        f"its clock shows {own_seconds:.3f} s of a sample for which the session waited "
        f"{waited_seconds:.3f} s"
    )
