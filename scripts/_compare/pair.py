"""A cell of both sides: what is known of it, its ratio, and why it cannot be judged."""

from __future__ import annotations

import math
from dataclasses import dataclass

from benchmarks._session.statistics import LEAST_GENERATIONS, Estimate
from scripts._compare.intervals import one_sample, two_sample

FEW_GENERATIONS = f"fewer than {LEAST_GENERATIONS} generations of processes"
NO_TWIN = "the baseline's twin has no time here, so that chance is not known"
UNCHANGED = "nothing that it depends on differs"


@dataclass(frozen=True)
class Pair:
    """What both sides know of one cell.

    Attributes
    ----------
    problem, implementation : str
    data : str
        Title of the data: ``1,000 x 100``.
    x_bytes : int
        Size of X in float64.
    medians : tuple of tuple of float
        A median per generation of processes: the ratios of B over A, if both were measured in the
        same rounds, or A's values and then B's.
    band : float
        How far equal contenders differ on these data; infinite if that is not known.
    reason : str
        Why the cell cannot be compared; empty if it can.
    roof_fractions : tuple of float
        A's and B's fraction of the read roof.
    """

    problem: str
    implementation: str
    data: str
    x_bytes: int
    medians: tuple[tuple[float, ...], ...] = ()
    band: float = math.inf
    reason: str = ""
    roof_fractions: tuple[float, float] = (math.nan, math.nan)

    @property
    def n_generations(self) -> int:
        """Generations of the side that has fewer."""
        return min(map(len, self.medians), default=0)

    @property
    def is_judged(self) -> bool:
        """Whether chance can be told from a change."""
        return not self.why_not_judged

    @property
    def why_not_judged(self) -> str:
        """Why chance cannot be told from a change; empty if it can."""
        if self.reason or self.n_generations < LEAST_GENERATIONS:
            return self.reason or FEW_GENERATIONS
        return "" if math.isfinite(self.band) else NO_TWIN

    def ratio(self, tail: float) -> Estimate:
        """B over A; NaN if it cannot be compared."""
        if self.reason == UNCHANGED:
            return Estimate(1.0, 1.0, 1.0)
        if self.reason or not self.n_generations:
            return Estimate(math.nan, math.nan, math.nan)
        if len(self.medians) == 1:
            return one_sample(self.medians[0], tail)
        under, over = self.medians
        return two_sample(under, over, tail)
