"""A summary of a few lines for a terminal: which implementations win, where, and by how much."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

import pandas as pd

from scripts._common import units
from scripts._common.fastest import EXACT, SINGLE, Winner, winners
from scripts._common.problems import by_cells

SUMMARY_HEADERS = ["problem", "exact to", "fastest", "data sets", "speed-up"]
_PRECISIONS = {"float64": EXACT, "float32": SINGLE}
_MOST = 2  # implementations per problem and precision; the others are counted together


def summary_rows(results: pd.DataFrame) -> list[list[str]]:
    """Rows of `SUMMARY_HEADERS`: those that are fastest on most sets of data."""
    rows = [row for name, most in _PRECISIONS.items() for row in _rows(results, name, most)]
    order = by_cells(map(str, results["problem"]))
    return sorted(rows, key=lambda row: order.index(row[0]))


def _rows(results: pd.DataFrame, precision: str, tolerance: float) -> Iterator[list[str]]:
    found = winners(results, tolerance)
    for problem, own in groupby(found, key=lambda winner: str(winner.row.problem)):
        yield from _rows_of(problem, precision, list(own))


def _rows_of(problem: str, precision: str, own: Sequence[Winner]) -> Iterator[list[str]]:
    names = pd.Series([winner.row.implementation for winner in own]).value_counts()
    for name, count in names.head(_MOST).items():
        gains = [winner.speed_up for winner in own if winner.row.implementation == name]
        yield [problem, precision, str(name), f"{count} of {len(own)}", units.ratios(gains)]
    if rest := len(own) - names.head(_MOST).sum():
        yield [problem, precision, "others", f"{rest} of {len(own)}", ""]
