"""Statistics of a race: ratios within a round, medians over the rounds, intervals.

Times of one round are taken within seconds of each other, so that slow changes of the machine
cancel in their ratio. The median over the rounds is robust against a disturbed round.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

# Probability that the median lies beyond one end of the interval.
_TAIL = 0.025
# With fewer values, even their whole range contains the median in less than 95 % of cases.
LEAST_ROUNDS = 6


@dataclass(frozen=True)
class Estimate:
    """A median and its 95 % interval; NaN where there is none."""

    value: float
    low: float
    high: float


def estimate(values: Sequence[float]) -> Estimate:
    """Median, and the interval between two order statistics that contains it in 95 % of cases.

    The values have to be independent; nothing else is assumed about their distribution. Fewer than
    `LEAST_ROUNDS` values give no interval.
    """
    if len(values) < LEAST_ROUNDS:
        return Estimate(median(values) if values else math.nan, math.nan, math.nan)
    ordered = sorted(values)
    outside = _count_outside(len(ordered))
    return Estimate(median(ordered), ordered[outside], ordered[-1 - outside])


def ratio(over: Sequence[float], under: Sequence[float]) -> Estimate:
    """Estimate of `over` / `under`, round by round."""
    return estimate([a / b for a, b in zip(over, under, strict=True)])


def geometric_mean(values: Sequence[float]) -> float:
    """Geometric mean of ratios, in which 2 and 1/2 cancel; NaN if there are none."""
    if not values:
        return math.nan
    return math.exp(sum(map(math.log, values)) / len(values))


def _count_outside(n_values: int) -> int:
    """Largest count with ``P(Binomial(n, 1/2) <= count) <= 2.5 %``: values beyond each end."""
    count, probability = 0, 2.0**-n_values
    while True:
        probability += math.comb(n_values, count + 1) / 2**n_values
        if probability > _TAIL:
            return count
        count += 1
