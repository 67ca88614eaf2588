"""Rows of the results as points, and their sizes and states, for the figures."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any, TypeVar

import pandas as pd

_COLUMNS = [
    *("implementation", "n_samples", "n_features"),
    *("value", "low", "high", "state", "family", "compulsory_bytes", "working_set"),
]
_COURSE = 3  # sizes from which on a line shows how something grows
_MOST = 6  # panels
Item = TypeVar("Item")
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
    rows = rows[_COLUMNS].astype(dict.fromkeys(["n_samples", "n_features"], int))
    return [_read(row) for row in rows.itertuples(index=False, name=None)]


def _read(row: tuple[Any, ...]) -> Point:
    name, n_samples, n_features, value, low, high, state, *told = row
    value = value if state == "ok" else math.nan
    return Point(name, (n_samples, n_features), value, low, high, state, *told)


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
    values: dict[Size, list[float]] = {size: [] for size in sizes_of(wide)}
    for cell in wide:
        values[cell.size].append(cell.value)
    return {size: median(own) for size, own in values.items()}


def group(cells: list[Point], key: Callable[[Point], int]) -> list[tuple[int, list[Point]]]:
    """Cells by a key, sorted by it; groups without a value are left out."""
    groups: dict[int, list[Point]] = {}
    for cell in cells:
        groups.setdefault(key(cell), []).append(cell)
    return [(k, own) for k, own in sorted(groups.items()) if sizes_of(own)]


def with_a_course(groups: Sequence[tuple[int, list[Point]]]) -> list[tuple[int, list[Point]]]:
    """Groups of at least `_COURSE` sizes or, if there is none, with the most; a few of them."""
    counts = [len(sizes_of(own)) for _, own in groups]
    least = min(_COURSE, max(counts, default=0))
    return spread([each for each, n in zip(groups, counts, strict=True) if n >= least], _MOST)


def spread(items: Sequence[Item], most: int) -> list[Item]:
    """At most `most` items, evenly spaced, with the first and the last."""
    if len(items) <= most:
        return list(items)
    return [items[round(i * (len(items) - 1) / (most - 1))] for i in range(most)]


def state_of(place: Place, *tables: ByPlace) -> str:
    """The first state that is not ok."""
    states = (table[place].state if place in table else "missing" for table in tables)
    return next((state for state in states if state != "ok"), "ok")
