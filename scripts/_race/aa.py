"""Race a kernel against copies of itself, and against itself with more rows: what is noise?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations
from statistics import median

from benchmarks._session.crew import name_copy, name_slower
from benchmarks._session.measured import Measured
from benchmarks._session.statistics import band, differs

SLOWER = (0.1, 0.05, 0.02)  # share of rows that are added
N_COPIES = 16
GENERATIONS, ROUNDS = 12, 8
# Where time grows with the rows: at fewer, a tenth more of them is less than a tenth more time.
SIZES = (
    *((n, d) for n in (1000, 2000, 5000, 10_000) for d in (10, 30, 100, 300)),
    (20_000, 100),
)
WARM_SECONDS = 0.002


@dataclass(frozen=True)
class Verdict:
    """What one cell shows.

    Attributes
    ----------
    band : float
        How far the first copy differs from the second: the threshold of all comparisons.
    differences : tuple of float
        ``|ratio - 1|`` of every pair of copies.
    n_called : int
        Pairs of copies that are called different, wrongly.
    found : dict of float to bool
        Whether a slower copy is called slower, by its share of more rows.
    """

    title: str
    band: float
    differences: tuple[float, ...]
    n_called: int
    found: dict[float, bool]

    @property
    def text(self) -> str:
        """A line."""
        found = ", ".join(
            f"{share:.0%} {'found' if is_found else 'not found'}"
            for share, is_found in self.found.items()
        )
        return (
            f"{self.title}: band {self.band:.2%}, {self.n_called} of {len(self.differences)} pairs "
            f"of equal kernels called different; more rows: {found}"
        )


def judge(measured: Measured, name: str) -> Verdict:
    """Compare all copies of `name` with each other, and the slower ones with the first copy."""
    copies = [name_copy(name, number) for number in range(N_COPIES)]
    first, twin = copies[:2]
    chance = band(measured.ratio(first, twin))
    n_comparisons = len(copies) - 1 + len(SLOWER)
    called, differences = 0, []
    for one, other in combinations(copies, 2):
        differences.append(abs(measured.ratio(one, other).value - 1))
        called += _differs(measured, one, other, chance, n_comparisons)
    found = {
        share: _differs(measured, name_slower(name, share), first, chance, n_comparisons)
        and measured.ratio(name_slower(name, share), first).value > 1
        for share in SLOWER
    }
    return Verdict(measured.data.title, chance, tuple(differences), called, found)


def _differs(measured: Measured, over: str, under: str, chance: float, n_comparisons: int) -> bool:
    return differs(*measured.ratios_by_generation(over, under), chance, n_comparisons)


def summary(verdicts: Sequence[Verdict]) -> Iterator[str]:
    """A line per claim."""
    differences = [each for verdict in verdicts for each in verdict.differences]
    called = sum(verdict.n_called for verdict in verdicts)
    yield (
        f"equal kernels: {called} of {len(differences):,} pairs called different "
        f"({called / len(differences):.2%}); median absolute difference {median(differences):.2%}"
    )
    for share in SLOWER:
        n_found = sum(verdict.found[share] for verdict in verdicts)
        yield f"{share:.0%} more rows: found in {n_found} of {len(verdicts)} cells"
