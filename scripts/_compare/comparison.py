"""A comparison: the cells that both sides have, each with its ratio and what that is called."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import median

from benchmarks._session.statistics import Estimate, geometric_mean
from scripts._compare.intervals import TAIL
from scripts._compare.pair import FEW_GENERATIONS, UNCHANGED, Pair

SLOWER, FASTER, NO_CHANGE, NOT_COMPARABLE = "slower", "faster", "no change", "not comparable"
WORDS = (SLOWER, FASTER, NO_CHANGE, NOT_COMPARABLE)
SAME_ROUNDS = "Ratios of the times in the same rounds, B over A"


@dataclass(frozen=True)
class Verdict:
    """A cell's ratio of B over A, and what it is called."""

    pair: Pair
    ratio: Estimate
    word: str
    reason: str = ""

    @property
    def name(self) -> str:
        """``linear/row_loop``."""
        return f"{self.pair.problem}/{self.pair.implementation}"


def judge(pairs: Sequence[Pair]) -> tuple[Verdict, ...]:
    """Call each cell slower, faster or unchanged, or say why it cannot be compared.

    A change is called where the whole interval lies outside the band. The intervals are corrected
    for the number of comparisons (Bonferroni), so that chance makes none of a comparison's changes
    in 99 of 100 comparisons.
    """
    tail = TAIL / max(1, sum(pair.is_judged for pair in pairs))
    return tuple(_verdict(pair, pair.ratio(tail)) for pair in pairs)


def _verdict(pair: Pair, ratio: Estimate) -> Verdict:
    if pair.reason == UNCHANGED:
        return Verdict(pair, ratio, NO_CHANGE, pair.reason)
    if not pair.is_judged:
        bare = Estimate(ratio.value, math.nan, math.nan)
        return Verdict(pair, bare, NOT_COMPARABLE, pair.why_not_judged)
    if ratio.low > 1 + pair.band:
        return Verdict(pair, ratio, SLOWER)
    return Verdict(pair, ratio, FASTER if ratio.high < 1 / (1 + pair.band) else NO_CHANGE)


@dataclass(frozen=True)
class Comparison:
    """Two sides and the verdicts about all cells.

    Attributes
    ----------
    a, b : str
        What was compared, for people.
    quantity : str
        What the ratios are ratios of.
    verdicts : tuple of Verdict
    notes : tuple of str
        What a reader has to know besides; sentences.
    advice : str
        The command that gives enough generations.
    """

    a: str
    b: str
    quantity: str
    verdicts: tuple[Verdict, ...]
    notes: tuple[str, ...] = ()
    advice: str = ""

    @property
    def title(self) -> str:
        """``B against A``."""
        return f"{self.b} against {self.a}"

    @cached_property
    def changes(self) -> list[Verdict]:
        """Slower cells, the slowest first, then faster ones, the fastest first."""
        slower, faster = self.called(SLOWER), self.called(FASTER)
        slower.sort(key=lambda verdict: -verdict.ratio.value)
        return slower + sorted(faster, key=lambda verdict: verdict.ratio.value)

    def called(self, word: str) -> list[Verdict]:
        """Verdicts of a kind."""
        return [verdict for verdict in self.verdicts if verdict.word == word]

    @property
    def n_judged(self) -> int:
        """Comparisons that the intervals are corrected for."""
        return sum(verdict.pair.is_judged for verdict in self.verdicts)

    @property
    def reasons(self) -> Counter[str]:
        """Why cells cannot be compared, with their number."""
        return Counter(verdict.reason for verdict in self.called(NOT_COMPARABLE))

    @property
    def means(self) -> dict[str, tuple[float, int]]:
        """Geometric mean of each implementation's ratios, and the number of cells.

        Of those that are judged, or would be with more generations.
        """
        found: dict[str, list[float]] = {}
        for verdict in self.verdicts:
            if verdict.pair.is_judged or verdict.reason == FEW_GENERATIONS:
                found.setdefault(verdict.name, []).append(verdict.ratio.value)
        return {name: (geometric_mean(each), len(each)) for name, each in found.items()}

    @property
    def resolution(self) -> float:
        """Least change that half of the cells would show: half the interval's width and the band.

        NaN if nothing is judged.
        """
        judged = [verdict for verdict in self.verdicts if verdict.pair.is_judged]
        widths = [v.ratio.high / v.ratio.value * (1 + v.pair.band) - 1 for v in judged]
        return median(widths) if widths else math.nan

    def slowdowns_above(self, limit: float) -> list[Verdict]:
        """Cells that are slower, with their whole interval above a ratio."""
        return [verdict for verdict in self.called(SLOWER) if verdict.ratio.low > limit]
