"""Statistics of rounds: ratios within a round, medians over the rounds, intervals.

Times of one round are taken within seconds of each other, so that slow changes of the machine
cancel in their ratio. The median over the rounds is robust against a disturbed round. Pages,
alignment and compiled code are drawn once per process: rounds of one generation of processes share
what was drawn, and their interval does not cover it. From `LEAST_GENERATIONS` on, it does.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, median, stdev

# Probability that the median lies beyond one end of the interval.
_TAIL = 0.025
# With fewer values, even their whole range contains the median in less than 95 % of cases.
LEAST_ROUNDS = 6
LEAST_GENERATIONS = 3
# Smaller differences are not told from chance: the median of equal kernels' is 0.3 % on 2 cores.
LEAST_BAND = 0.005


@dataclass(frozen=True)
class Estimate:
    """A median and its 95 % interval; NaN where there is none."""

    value: float
    low: float
    high: float


def estimate(values: Sequence[float], generations: Sequence[int] = ()) -> Estimate:
    """Median of the generations' medians, with its 95 % interval.

    The interval lies between two order statistics; nothing is assumed about the distribution.
    Fewer than `LEAST_ROUNDS` values give none. Values of `LEAST_GENERATIONS` or more widen it to
    Student's interval of the logarithms of the generations' medians.

    Parameters
    ----------
    values : sequence of float
    generations : sequence of int
        The generation of processes that each value comes from; all the same if empty.
    """
    if not values:
        return Estimate(math.nan, math.nan, math.nan)
    value = median(medians(values, generations or [0] * len(values)))
    if len(values) < LEAST_ROUNDS:
        return Estimate(value, math.nan, math.nan)
    ordered = sorted(values)
    outside = _count_outside(len(ordered))
    low, high = ordered[outside], ordered[-1 - outside]
    between = _between_generations(values, generations)
    return Estimate(value, min(low, between[0], value), max(high, between[1], value))


def medians(values: Sequence[float], generations: Sequence[int]) -> list[float]:
    """Median of each generation's values, in the order of the generations."""
    pairs = list(zip(values, generations, strict=True))
    return [median(v for v, g in pairs if g == each) for each in sorted(set(generations))]


def geometric_mean(values: Sequence[float]) -> float:
    """Geometric mean of ratios, in which 2 and 1/2 cancel; NaN if there are none."""
    if not values:
        return math.nan
    return math.exp(fmean(map(math.log, values)))


def student_interval(values: Sequence[float], tail: float = _TAIL) -> tuple[float, float]:
    """Interval of the geometric mean of positive values; each end misses it with `tail`."""
    # Here, because it takes 0.1 s and only some commands need it.
    from scipy.special import stdtrit

    logarithms = [math.log(value) for value in values]
    centre = fmean(logarithms)
    half = -float(stdtrit(len(values) - 1, tail)) * stdev(logarithms) / math.sqrt(len(values))
    return math.exp(centre - half), math.exp(centre + half)


def band(chance: Estimate) -> float:
    """How far two equal contenders differ, by the ratio of the baseline to its twin.

    `LEAST_BAND` at least; infinite if they were not measured.
    """
    if math.isnan(chance.value):
        return math.inf
    return max(chance.value, 1 / chance.value, 1 + LEAST_BAND) - 1


def differs(
    ratios: Sequence[float], generations: Sequence[int], chance: float, n_comparisons: int
) -> bool:
    """Whether a ratio of times is a difference, and not chance.

    Its whole interval, corrected for the number of comparisons (Bonferroni), has to lie outside
    the band of `chance` around 1. Fewer than `LEAST_GENERATIONS` show no difference.
    """
    if len(set(generations)) < LEAST_GENERATIONS:
        return False
    low, high = student_interval(medians(ratios, generations), _TAIL / n_comparisons)
    return low > 1 + chance or high < 1 / (1 + chance)


def _between_generations(
    values: Sequence[float], generations: Sequence[int]
) -> tuple[float, float]:
    if len(set(generations)) < LEAST_GENERATIONS or min(values) <= 0:
        return math.inf, -math.inf
    return student_interval(medians(values, generations))


def _count_outside(n_values: int) -> int:
    """Largest count with ``P(Binomial(n, 1/2) <= count) <= 2.5 %``: values beyond each end."""
    count, probability = 0, 2.0**-n_values
    while True:
        probability += math.comb(n_values, count + 1) / 2**n_values
        if probability > _TAIL:
            return count
        count += 1
