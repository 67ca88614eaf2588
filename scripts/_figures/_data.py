"""What the figures read: rows of the results as cells, and their sizes and states."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import pandas as pd

_COLUMNS = [
    *("implementation", "n_samples", "n_features"),
    *("value", "low", "high", "state", "bytes_per_value"),
]
Size = tuple[int, int]  # n_samples, n_features
Place = tuple[str, Size]


@dataclass(frozen=True)
class Point:
    """A value, or the state that says why there is none."""

    implementation: str
    size: Size
    value: float
    low: float
    high: float
    state: str
    bytes_per_value: float

    @property
    def working_set(self) -> float:
        return working_set(self.size, self.bytes_per_value)


ByPlace = dict[Place, Point]


def cells_of(results: pd.DataFrame, metric: str) -> list[Point]:
    """Rows of one metric on drawn data; a value counts only where the state is ok."""
    if results.empty:
        return []
    rows = results[(results["metric"] == metric) & (results["dataset"] == "")]
    return [_read(row) for row in rows[_COLUMNS].itertuples(index=False, name=None)]


def _read(row: tuple[Any, ...]) -> Point:
    name, n_samples, n_features, value, low, high, state, bytes_per_value = row
    value = value if state == "ok" else math.nan
    size = int(n_samples), int(n_features)
    return Point(name, size, value, low, high, state, bytes_per_value)


def by_place(cells: Iterable[Point]) -> ByPlace:
    """Cells of one metric by implementation and size."""
    return {(c.implementation, c.size): c for c in cells}


def names_of(results: pd.DataFrame) -> list[str]:
    """Implementations in the rows, sorted."""
    return [] if results.empty else sorted(set(results["implementation"]))


def sizes_of(cells: Iterable[Point], all_states: bool = False) -> list[Size]:
    """Sizes with a value (or all), by the working set in float64."""
    sizes = {c.size for c in cells if all_states or c.state == "ok"}
    return sorted(sizes, key=lambda size: (working_set(size, 8), size))


def group(cells: list[Point], key: Callable[[Point], int]) -> list[tuple[int, list[Point]]]:
    """Cells by a key, in its order; without the groups that have no value."""
    groups: dict[int, list[Point]] = {}
    for cell in cells:
        groups.setdefault(key(cell), []).append(cell)
    return [(k, own) for k, own in sorted(groups.items()) if sizes_of(own)]


def spread(sizes: list[Size], most: int) -> list[Size]:
    """At most so many sizes, evenly over the order, the first and the last among them."""
    if len(sizes) <= most:
        return sizes
    return [sizes[round(i * (len(sizes) - 1) / (most - 1))] for i in range(most)]


def working_set(size: Size, bytes_per_value: float) -> float:
    """Bytes of X, y, weights and gradient: also the least that one gradient must move."""
    n_samples, n_features = size
    return bytes_per_value * (n_samples * n_features + n_samples + 2 * n_features)


def state_of(place: Place, *tables: ByPlace) -> str:
    """The first state that is not ok."""
    states = (table[place].state if place in table else "missing" for table in tables)
    return next((state for state in states if state != "ok"), "ok")
