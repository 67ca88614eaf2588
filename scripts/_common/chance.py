"""How far equal implementations differ by chance, and from where on a difference counts."""

from __future__ import annotations

import math

from benchmarks._session.statistics import LEAST_BAND

MOST_BAND = 0.05  # larger differences are never a tie


def chance_band(low: float, high: float) -> float:
    """How far the baseline and its twin differ, relative; NaN if that is not known.

    Parameters
    ----------
    low, high : float
        Interval of the ratio of their times. Without one, the ratio itself tells nothing.
    """
    if not (0 < low <= high < math.inf):
        return math.nan
    return max(high, 1 / low) - 1


def tie_band(chance: float) -> float:
    """How much more time may be a tie, by the `chance_band`.

    `LEAST_BAND` at least and `MOST_BAND` at most; the latter if the band is not known.
    """
    return MOST_BAND if math.isnan(chance) else min(max(LEAST_BAND, chance), MOST_BAND)
