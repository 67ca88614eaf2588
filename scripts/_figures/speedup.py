"""Each cell is an implementation's speed-up over the baseline: blue is faster, red is slower."""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import product
from statistics import fmean
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from scripts._common import units
from scripts._common.baseline import baseline_of, explain
from scripts._common.families import FAMILIES
from scripts._common.fastest import UNCERTAIN, uncertainty
from scripts._common.records import Facts
from scripts._figures._data import (
    ByPlace,
    Point,
    Size,
    by_place,
    cells_of,
    families_of,
    roofs_of,
    spread,
    state_of,
    working_sets,
)
from scripts._figures._style import family_colour, finish, size_text, title_of

_COLOUR_TICKS = (0.1, 0.2, 0.5, 0.7, 1, 1.4, 2, 5, 10)
_MOST_ROWS, _MOST_COLUMNS = 40, 24
_MOST_WIDE_COLUMNS = 9
_COLUMNS_WIDTH = 500.0  # points, for all columns of the heat map together
_FONT_SIZE = 8.5
_BOLD = 1.15  # width of bold letters over that of others


_Corner = tuple[float, float]


@dataclass(frozen=True)
class _Mark:
    """Look of a heat map's cell without a value."""

    symbol: str
    hatch: str
    face: str


_MARKS = {
    "skipped": _Mark("–", "", "#e6e6e6"),
    "failed": _Mark("✕", "xxxx", "#ffffff"),
    "wrong": _Mark("≠", "////", "#cccccc"),
    "too fast": _Mark("!", "++++", "#ffffff"),
    "missing": _Mark("?", "....", "#ffffff"),
}
_ROOF_ROW = "X read once at the roof"
_NOTE = (
    "Above 1x is faster. Colours do not change above 10x and below 0.1x. Each group is sorted by "
    f"geometric mean. {_ROOF_ROW}: the speed-up if reading X in float64 took all the time."
)
_UNCERTAIN_HATCH = "\\\\\\"
_GAP = 0.35  # between groups, as a fraction of a row


@dataclass(frozen=True)
class _Group:
    """Rows under a heading."""

    title: str
    names: list[str]


def draw(results: pd.DataFrame, facts: Facts) -> Figure | None:
    """Heat map of the speed-up over the baseline; the baseline's own row shows times."""
    cells, baseline = by_place(cells_of(results, "time")), baseline_of(results)
    if not any(c.implementation == baseline and c.state == "ok" for c in cells.values()):
        return None
    sets = working_sets(cells.values())
    sizes = {size: sets[size] for size in spread(list(sets), _MOST_COLUMNS)}
    paired = by_place(cells_of(results, "speed_up"))
    speedups = {p: c for p, c in paired.items() if c.state == "ok" and p[0] != baseline}
    base = {size: cell for (name, size), cell in cells.items() if name == baseline}
    limits = _at_the_roof(base, roofs_of(cells_of(results, "read_roof")))
    others = {name: family for name, family in families_of(results).items() if name != baseline}
    skipped, shown = _rank(others, cells, speedups)
    groups = _group(others, shown[:_MOST_ROWS])
    rows = _place([_ROOF_ROW, baseline] if limits else [baseline], groups)
    figure = Figure(layout="constrained")
    axes = figure.subplots()
    _draw_heat_map(axes, cells, speedups, limits, rows, list(sizes))
    _set_heat_map_axes(axes, rows, groups, sizes)
    title = title_of(f"Speed-up over {baseline}, whose row shows its time", results)
    handles = [
        *map(_mark_patch, _MARKS),
        _uncertain_patch(label=f"uncertain by more than {UNCERTAIN:.0%}"),
    ]
    left_out = [
        f"Skipped at every size: {', '.join(skipped)}." if skipped else "",
        f"Left out: the slowest {len(shown) - _MOST_ROWS}." if len(shown) > _MOST_ROWS else "",
        f"{len(sizes)} of {len(sets)} sizes." if len(sizes) < len(sets) else "",
    ]
    note = " ".join(filter(None, (_NOTE, *left_out, explain(results))))
    height = 0.28 * _bottom(rows) + (0.9 if len(sizes) <= _MOST_WIDE_COLUMNS else 1.7)
    return finish(figure, height, title, handles, facts, note)


def _at_the_roof(base: dict[Size, Point], roofs: dict[Size, float]) -> dict[Size, float]:
    """Speed-up over the baseline's times of moving the compulsory bytes at the read roof."""
    return {
        size: cell.value * roofs[size] * 1e9 / cell.working_set
        for size, cell in base.items()
        if size in roofs and cell.state == "ok"
    }


def _rank(
    families: dict[str, str], cells: ByPlace, speedups: ByPlace
) -> tuple[list[str], list[str]]:
    """Names that are skipped wherever they were to be measured, and the others, fastest first."""
    states: dict[str, set[str]] = {}
    for (name, _), cell in cells.items():
        if cell.state != "missing":  # at a size of another run
            states.setdefault(name, set()).add(cell.state)
    skipped = [name for name in families if states.get(name) == {"skipped"}]
    means = _means(speedups)
    shown = [name for name in families if name not in skipped]
    return skipped, sorted(shown, key=lambda name: (-means.get(name, -math.inf), name))


def _group(families: dict[str, str], names: list[str]) -> list[_Group]:
    """The names by family, in their order."""
    groups = [_Group(f, [n for n in names if families[n] == f]) for f in FAMILIES]
    return [group for group in groups if group.names]


def _means(speedups: ByPlace) -> dict[str, float]:
    """Mean logarithm of each name's speed-ups."""
    logs: dict[str, list[float]] = {}
    for (name, _), each in speedups.items():
        logs.setdefault(name, []).append(math.log(each.value))
    return {name: fmean(own) for name, own in logs.items()}


def _place(top: list[str], groups: list[_Group]) -> dict[str, float]:
    """Upper edge of each row: those of the top, then the groups with gaps between them."""
    rows = {name: float(row) for row, name in enumerate(top)}
    for group in groups:
        start = _bottom(rows) + _GAP
        rows |= {name: start + row for row, name in enumerate(group.names)}
    return rows


def _bottom(rows: dict[str, float]) -> float:
    return max(rows.values()) + 1


def _draw_heat_map(
    axes: Axes,
    cells: ByPlace,
    speedups: ByPlace,
    limits: dict[Size, float],
    rows: dict[str, float],
    sizes: list[Size],
) -> None:
    reach = max((abs(math.log10(each.value)) for each in speedups.values()), default=0.0)
    scale = ScalarMappable(Normalize(-_clip(reach), _clip(reach)), "RdBu")
    width = _COLUMNS_WIDTH / len(sizes)
    for (name, row), (column, size) in product(rows.items(), enumerate(sizes)):
        corner, place = (column, row), (name, size)
        if name == _ROOF_ROW:
            _draw_limit(axes, corner, limits.get(size, math.nan), width)
        elif place in speedups:
            _draw_speedup(axes, corner, speedups[place].value, scale, width)
            if uncertainty(speedups[place]) > UNCERTAIN:
                axes.add_patch(_uncertain_patch(corner))
        elif state_of(place, cells) == "ok":
            _draw_time(axes, corner, cells[place].value, width)
        else:
            _draw_mark(axes, corner, state_of(place, cells), width)
    _add_colour_bar(axes, scale)


def _clip(reach: float) -> float:
    """Decades of the colour scale: at most one, so that small gains differ in colour."""
    return min(1.0, max(0.1, reach))


def _draw_limit(axes: Axes, corner: _Corner, value: float, width: float) -> None:
    if math.isfinite(value):
        _write(axes, corner, units.ratio(value, 2), width, style="italic")


def _draw_speedup(
    axes: Axes, corner: _Corner, value: float, scale: ScalarMappable, width: float
) -> None:
    colour = tuple(scale.to_rgba(np.array([math.log10(value)]))[0])
    axes.add_patch(Rectangle(corner, 1, 1, facecolor=colour, edgecolor="white"))
    luminance = float(np.dot(colour[:3], (0.299, 0.587, 0.114)))
    ink = "black" if luminance > 0.5 else "white"
    box = {"facecolor": colour, "edgecolor": "none", "pad": 1}
    _write(axes, corner, units.ratio(value, 2), width, color=ink, bbox=box)


def _draw_time(axes: Axes, corner: _Corner, value: float, width: float) -> None:
    text = units.seconds(value)
    if _font_size("88.8 us", width / _BOLD) < _FONT_SIZE:  # all times in the same way
        text = text.replace(" ", "\n")
    _write(axes, corner, text, width, fontweight="bold", linespacing=0.9)


def _draw_mark(axes: Axes, corner: _Corner, state: str, width: float) -> None:
    axes.add_patch(_mark_patch(state, corner))
    box = {"facecolor": _MARKS[state].face, "edgecolor": "none", "pad": 1}
    _write(axes, corner, _MARKS[state].symbol, width, bbox=box)


def _write(axes: Axes, corner: _Corner, text: str, width: float, **more: Any) -> None:
    x, y = corner[0] + 0.5, corner[1] + 0.5
    more |= {"ha": "center", "va": "center", "fontsize": _font_size(text, width)}
    axes.text(x, y, text, **more)


def _font_size(text: str, width: float) -> float:
    """The usual font size, reduced if the text would not fit `width` points."""
    longest = max(5, *map(len, text.split("\n")))  # the same size for all texts up to 5 letters
    return min(_FONT_SIZE, width / (0.66 * longest))


def _mark_patch(state: str, corner: _Corner = (0, 0)) -> Rectangle:
    mark = _MARKS[state]
    look: dict[str, Any] = {"facecolor": mark.face, "hatch": mark.hatch, "edgecolor": "#999999"}
    return Rectangle(corner, 1, 1, linewidth=0.5, label=f"{mark.symbol}  {state}", **look)


def _uncertain_patch(corner: _Corner = (0, 0), label: str = "") -> Rectangle:
    look: dict[str, Any] = {"facecolor": "none", "hatch": _UNCERTAIN_HATCH, "edgecolor": "#888888"}
    return Rectangle(corner, 1, 1, linewidth=0, label=label, **look)


def _set_heat_map_axes(
    axes: Axes, rows: dict[str, float], groups: list[_Group], sizes: dict[Size, float]
) -> None:
    axes.grid(False)
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)
    axes.set(xlim=(0, len(sizes)), ylim=(_bottom(rows), 0))
    axes.set_yticks([row + 0.5 for row in rows.values()], list(rows))
    for group in groups:
        _draw_heading(axes, group, rows[group.names[0]], rows[group.names[-1]] + 1)
    many = len(sizes) > _MOST_WIDE_COLUMNS
    separator = ", " if many else "\n"
    texts = [f"{size_text(size)}{separator}{units.n_bytes(b)}" for size, b in sizes.items()]
    middles = [column + 0.5 for column in range(len(sizes))]
    axes.set_xticks(middles, texts, rotation=90 if many else 0)
    axes.set_xlabel("n_samples × n_features, and the working set in float64")


def _draw_heading(axes: Axes, group: _Group, top: float, bottom: float) -> None:
    """Draw a bar in the family's colour to the right of its rows, with the family's name."""
    place: dict[str, Any] = {"transform": axes.get_yaxis_transform(), "clip_on": False}
    colour = family_colour(group.title)
    axes.plot([1.008, 1.008], [top + 0.06, bottom - 0.06], color=colour, linewidth=4, **place)
    upright = len(group.title) < 4 * (bottom - top)
    axes.text(
        1.016,
        (top + bottom) / 2,
        group.title if upright else group.title.replace(" ", "\n"),
        rotation=90 if upright else 0,
        color=colour,
        fontsize=7.5,
        va="center",
        linespacing=0.9,
        **place,
    )


def _add_colour_bar(axes: Axes, scale: ScalarMappable) -> None:
    low, high = scale.get_clim()
    ratios = [r for r in _COLOUR_TICKS if low - 1e-9 <= math.log10(r) <= high + 1e-9]
    bar = axes.figure.colorbar(scale, ax=axes, extend="both", aspect=40, pad=0.01)
    bar.set_ticks([math.log10(r) for r in ratios], labels=[f"{r:g}x" for r in ratios])
    bar.outline.set_visible(False)
