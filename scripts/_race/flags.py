"""What a contender cannot do honestly: times that no kernel can reach, and clocks that disagree.

Each function returns a reason, or an empty text. The limits leave room for what honest kernels
do: see the numbers beside them.
"""

from __future__ import annotations

from statistics import median

from scripts._race.statistics import Estimate

# Of the read roof. A kernel may read faster than the plain reads of the roof: up to 1.17 times on
# a Zen 3, where one stream is slower than four.
_MOST_OF_ROOF = 1.25
# Time at weights that were never seen, over that of the sample: at most 1.22 for honest kernels.
_MOST_FRESH = 1.5
# CPU time is counted in steps of the system's clock.
_SPARE_PROCESSORS = 0.2
# Of the race's clock over the contender's, and seconds of pipes and scheduling on top.
_MOST_CLOCK, _CLOCK_SECONDS = 1.5, 0.1


def too_fast(fraction: Estimate) -> str:
    """Of the read roof, in every round but by chance."""
    low = fraction.value if fraction.low != fraction.low else fraction.low  # NaN: too few rounds
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


def too_many_processors(processors: list[float], n_threads: int) -> str:
    """CPU time over wall time, of the samples."""
    used = median(processors) if processors else 0.0
    if used <= n_threads + _SPARE_PROCESSORS:
        return ""
    return f"it uses {used:.1f} processors, where {n_threads} are allowed"


def wrong_clock(race_seconds: float, own_seconds: float) -> str:
    """The race waits longer for a sample than the contender says that it took."""
    if race_seconds <= _MOST_CLOCK * own_seconds + _CLOCK_SECONDS:
        return ""
    return (
        f"its clock shows {own_seconds:.3f} s of a sample for which the race waited "
        f"{race_seconds:.3f} s"
    )
