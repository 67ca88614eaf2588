"""Heat map of the speed-up over the baseline, with a mark for each cell without a time."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from scripts._common import units
from scripts._common.metrics import BASELINE
from scripts._common.records import Facts
from scripts._figures._data import (
    ByPlace,
    Place,
    Size,
    by_place,
    cells_of,
    names_of,
    sizes_of,
    state_of,
    working_set,
)
from scripts._figures._style import finish, size_text, title_of

_COLOUR_TICKS = (0.1, 0.2, 0.5, 0.7, 1, 1.4, 2, 5, 10)
_MOST_WIDE_COLUMNS = 9
_COLUMNS_WIDTH = 500.0  # points that all columns of the heat map share
_FONT_SIZE = 8.5


@dataclass(frozen=True)
class _Mark:
    """How a cell of the heat map without a value looks."""

    symbol: str
    hatch: str
    face: str


_MARKS = {
    "skipped": _Mark("–", "", "#e6e6e6"),
    "failed": _Mark("✕", "xxxx", "#ffffff"),
    "wrong": _Mark("≠", "////", "#cccccc"),
    "missing": _Mark("?", "....", "#ffffff"),
}


def draw(results: pd.DataFrame, facts: Facts) -> Figure | None:
    """Heat map of the speed-up over the baseline; the baseline's own row shows times."""
    cells = by_place(cells_of(results, "time"))
    if not any(c.implementation == BASELINE and c.state == "ok" for c in cells.values()):
        return None
    names = [BASELINE, *(name for name in names_of(results) if name != BASELINE)]
    sizes = sizes_of(cells.values(), all_states=True)
    figure = Figure(layout="constrained")
    axes = figure.subplots()
    _draw_heat_map(axes, cells, names, sizes)
    title = title_of(f"Speed-up over {BASELINE}, whose row shows its time", results)
    handles = [_mark_patch(state) for state in _MARKS]
    note = "Above 1x: faster. The colour is the same for all above 10x, and for all below 0.1x."
    height = 0.28 * len(names) + (0.9 if len(sizes) <= _MOST_WIDE_COLUMNS else 1.7)
    return finish(figure, height, title, handles, facts, note)


def _speedups(cells: ByPlace) -> dict[Place, float]:
    """Where both the implementation and the baseline, another one, have a time."""
    return {
        (name, size): cells[BASELINE, size].value / cell.value
        for (name, size), cell in cells.items()
        if name != BASELINE
        and state_of((name, size), cells) == "ok" == state_of((BASELINE, size), cells)
    }


def _draw_heat_map(axes: Axes, cells: ByPlace, names: list[str], sizes: list[Size]) -> None:
    speedups = _speedups(cells)
    reach = max((abs(math.log10(value)) for value in speedups.values()), default=0.0)
    scale = ScalarMappable(Normalize(-_clip(reach), _clip(reach)), "RdBu")
    width = _COLUMNS_WIDTH / len(sizes)
    for (row, name), (column, size) in product(enumerate(names), enumerate(sizes)):
        corner, place = (column, row), (name, size)
        if place in speedups:
            _draw_speedup(axes, corner, speedups[place], scale, width)
        elif state_of(place, cells) == "ok":
            _draw_time(axes, corner, cells[place].value, width)
        else:
            _draw_mark(axes, corner, state_of(place, cells), width)
    _set_heat_map_axes(axes, names, sizes)
    _add_colour_bar(axes, scale)


def _clip(reach: float) -> float:
    """Decades of the colour scale: up to 10x, so that small gains are not all of one colour."""
    return min(1.0, max(0.1, reach))


def _draw_speedup(
    axes: Axes, corner: tuple[int, int], value: float, scale: ScalarMappable, width: float
) -> None:
    colour = tuple(scale.to_rgba(np.array([math.log10(value)]))[0])
    axes.add_patch(Rectangle(corner, 1, 1, facecolor=colour, edgecolor="white"))
    luminance = float(np.dot(colour[:3], (0.299, 0.587, 0.114)))
    ink = "black" if luminance > 0.5 else "white"
    _write(axes, corner, units.ratio(value, 2), width, color=ink)


def _draw_time(axes: Axes, corner: tuple[int, int], value: float, width: float) -> None:
    text = units.seconds(value)
    if _font_size(text, width) < _FONT_SIZE:
        text = text.replace(" ", "\n")
    _write(axes, corner, text, width, fontweight="bold", linespacing=0.9)


def _draw_mark(axes: Axes, corner: tuple[int, int], state: str, width: float) -> None:
    axes.add_patch(_mark_patch(state, corner))
    box = {"facecolor": _MARKS[state].face, "edgecolor": "none", "pad": 1}
    _write(axes, corner, _MARKS[state].symbol, width, bbox=box)


def _write(axes: Axes, corner: tuple[int, int], text: str, width: float, **more: Any) -> None:
    x, y = corner[0] + 0.5, corner[1] + 0.5
    more |= {"ha": "center", "va": "center", "fontsize": _font_size(text, width)}
    axes.text(x, y, text, **more)


def _font_size(text: str, width: float) -> float:
    """The usual size, or the one that fits the text into `width` points."""
    longest = max(5, *map(len, text.split("\n")))  # up to 5 alike, so that neighbours match
    return min(_FONT_SIZE, width / (0.66 * longest))


def _mark_patch(state: str, corner: tuple[float, float] = (0, 0)) -> Rectangle:
    mark = _MARKS[state]
    look: dict[str, Any] = {"facecolor": mark.face, "hatch": mark.hatch, "edgecolor": "#999999"}
    return Rectangle(corner, 1, 1, linewidth=0.5, label=f"{mark.symbol}  {state}", **look)


def _set_heat_map_axes(axes: Axes, names: list[str], sizes: list[Size]) -> None:
    axes.grid(False)
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)
    axes.set(xlim=(0, len(sizes)), ylim=(len(names), 0))
    axes.set_yticks([row + 0.5 for row in range(len(names))], names)
    many = len(sizes) > _MOST_WIDE_COLUMNS
    texts = [_column_text(size, ", " if many else "\n") for size in sizes]
    middles = [column + 0.5 for column in range(len(sizes))]
    axes.set_xticks(middles, texts, rotation=90 if many else 0)
    axes.set_xlabel("n_samples × n_features, and the working set in float64")


def _column_text(size: Size, separator: str) -> str:
    return f"{size_text(size)}{separator}{units.n_bytes(working_set(size, 8))}"


def _add_colour_bar(axes: Axes, scale: ScalarMappable) -> None:
    low, high = scale.get_clim()
    ratios = [r for r in _COLOUR_TICKS if low - 1e-9 <= math.log10(r) <= high + 1e-9]
    bar = axes.figure.colorbar(scale, ax=axes, extend="both", aspect=30, pad=0.01)
    bar.set_ticks([math.log10(r) for r in ratios], labels=[f"{r:g}x" for r in ratios])
    bar.outline.set_visible(False)
