"""What a race's samples say: medians over the rounds, ratios within a round, intervals.

Times of one round were taken within seconds of each other: their ratio is free of the machine's
slow changes, and the median of the ratios is not moved by a round that went wrong.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

# Outside the interval's two ends, on each side.
_TAIL = 0.025
# Of fewer values even their whole range holds the median in less than 95 % of cases.
LEAST_ROUNDS = 6


@dataclass(frozen=True)
class Estimate:
    """A median and the 95 % interval of it; NaN where there is none."""

    value: float
    low: float
    high: float


def estimate(values: Sequence[float]) -> Estimate:
    """Median, and the interval between two order statistics that holds it in 95 % of cases.

    It assumes nothing of how the values are distributed but that they are independent. Fewer than
    `LEAST_ROUNDS` values have none.
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
    """Mean of ratios, for which 2 and 1/2 cancel; NaN of none."""
    if not values:
        return math.nan
    return math.exp(sum(map(math.log, values)) / len(values))


def _count_outside(n_values: int) -> int:
    """Most values beyond each end: ``P(Binomial(n, 1/2) <= count) <= 2.5 %``."""
    count, probability = 0, 2.0**-n_values
    while True:
        probability += math.comb(n_values, count + 1) / 2**n_values
        if probability > _TAIL:
            return count
        count += 1
