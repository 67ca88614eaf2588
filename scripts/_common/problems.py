"""The order of problems where none was chosen: the one with most cells first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

MAIN = "logistic"  # what commands take by default, and what wins a tie


def by_cells(of_each: Iterable[str]) -> list[str]:
    """Problems by their numbers of cells, then by name.

    Parameters
    ----------
    of_each : iterable of str
        The problem of each cell.
    """
    counts = Counter(of_each)
    return sorted(counts, key=lambda problem: (-counts[problem], problem != MAIN, problem))
