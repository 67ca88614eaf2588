"""Intervals of ratios, by Student's distribution in logarithms, from the generations' medians.

Pages, alignment and compiled code are drawn once per generation of processes: its rounds count as
one value.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import variance

from benchmarks._session.statistics import Estimate, geometric_mean, student_interval

# Probability that any of a comparison's intervals lies wholly above its true ratio, and the same
# below: nothing is called a change by chance in 99 of 100 comparisons.
TAIL = 0.005


def one_sample(ratios: Sequence[float], tail: float) -> Estimate:
    """Geometric mean of ratios that were paired within rounds, with its interval.

    Parameters
    ----------
    ratios : sequence of float
        A median per generation.
    tail : float
        Probability that each end misses the true ratio. One value has no interval.
    """
    if len(ratios) < 2:
        return Estimate(geometric_mean(ratios), math.nan, math.nan)
    return Estimate(geometric_mean(ratios), *student_interval(ratios, tail))


def two_sample(under: Sequence[float], over: Sequence[float], tail: float) -> Estimate:
    """Ratio of the geometric mean of `over` to that of `under`, with Welch's interval.

    The two have spreads of their own, and perhaps different numbers of generations.
    """
    centre = geometric_mean(over) / geometric_mean(under)
    if min(len(under), len(over)) < 2:
        return Estimate(centre, math.nan, math.nan)
    half = _half_width([[math.log(value) for value in each] for each in (under, over)], tail)
    return Estimate(centre, centre / math.exp(half), centre * math.exp(half))


def _half_width(samples: Sequence[Sequence[float]], tail: float) -> float:
    """Half of Welch's interval of a difference of means."""
    # Here, because it takes 0.1 s and only some commands need it.
    from scipy.special import stdtrit

    squares = [variance(each) / len(each) for each in samples]
    total = math.fsum(squares)
    if total == 0:
        return 0.0
    shares = zip(squares, samples, strict=True)
    freedom = total**2 / math.fsum(square**2 / (len(each) - 1) for square, each in shares)
    return -float(stdtrit(freedom, tail)) * math.sqrt(total)
