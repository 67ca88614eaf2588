"""Rows of the results as points, and their sizes and states, for the figures."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from statistics import median
from typing import Any

import pandas as pd

_COLUMNS = [
    *("implementation", "n_samples", "n_features"),
    *("value", "low", "high", "state", "family", "compulsory_bytes", "working_set"),
]
Size = tuple[int, int]  # n_samples, n_features
Place = tuple[str, Size]


@dataclass(frozen=True)
class Point:
    """A value, or the state that gives the reason for its absence.

    Attributes
    ----------
    compulsory_bytes : float
        Least bytes that a gradient must move.
    working_set : float
        Bytes of X, y, weights and gradient in float64.
    """

    implementation: str
    size: Size
    value: float
    low: float
    high: float
    state: str
    family: str
    compulsory_bytes: float
    working_set: float


ByPlace = dict[Place, Point]


def cells_of(results: pd.DataFrame, metric: str) -> list[Point]:
    """Rows of one metric on drawn data; a value is NaN unless its state is ok."""
    if results.empty:
        return []
    rows = results[(results["metric"] == metric) & (results["dataset"] == "")]
    return [_read(row) for row in rows[_COLUMNS].itertuples(index=False, name=None)]


def _read(row: tuple[Any, ...]) -> Point:
    name, n_samples, n_features, value, low, high, state, *told = row
    value = value if state == "ok" else math.nan
    return Point(name, (int(n_samples), int(n_features)), value, low, high, state, *told)


def by_place(cells: Iterable[Point]) -> ByPlace:
    """Cells of one metric by implementation and size."""
    return {(c.implementation, c.size): c for c in cells}


def names_of(results: pd.DataFrame) -> list[str]:
    """Implementations in the rows, sorted."""
    return [] if results.empty else sorted(set(results["implementation"]))


def families_of(results: pd.DataFrame) -> dict[str, str]:
    """Family of each implementation in the rows, by name."""
    if results.empty:
        return {}
    return dict(sorted(zip(results["implementation"], results["family"], strict=True)))


def sizes_of(cells: Iterable[Point], all_states: bool = False) -> list[Size]:
    """Sizes with a value (or all sizes), sorted by working set."""
    return list(working_sets(c for c in cells if all_states or c.state == "ok"))


def working_sets(cells: Iterable[Point]) -> dict[Size, float]:
    """Working set of each size, sorted from the smallest to the largest."""
    sizes = {c.size: c.working_set for c in cells}
    return dict(sorted(sizes.items(), key=lambda item: (item[1], item[0])))


def roofs_of(cells: Iterable[Point]) -> dict[Size, float]:
    """Read roof of X in float64 by size, in GB/s: the median of all measurements."""
    cells = [cell for cell in cells if cell.state == "ok"]
    wide = [cell for cell in cells if cell.compulsory_bytes == cell.working_set] or cells
    return {
        size: median(cell.value for cell in wide if cell.size == size) for size in sizes_of(wide)
    }


def group(cells: list[Point], key: Callable[[Point], int]) -> list[tuple[int, list[Point]]]:
    """Cells by a key, sorted by it; groups without a value are left out."""
    groups: dict[int, list[Point]] = {}
    for cell in cells:
        groups.setdefault(key(cell), []).append(cell)
    return [(k, own) for k, own in sorted(groups.items()) if sizes_of(own)]


def spread(sizes: list[Size], most: int) -> list[Size]:
    """At most `most` sizes, evenly spaced in the list, with the first and the last."""
    if len(sizes) <= most:
        return sizes
    return [sizes[round(i * (len(sizes) - 1) / (most - 1))] for i in range(most)]


def state_of(place: Place, *tables: ByPlace) -> str:
    """The first state that is not ok."""
    states = (table[place].state if place in table else "missing" for table in tables)
    return next((state for state in states if state != "ok"), "ok")
