"""Figures of the experiments: curves in panels, points with lines, times beside deviations."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from scripts._common import units
from scripts._common.families import FAMILIES
from scripts._common.records import Facts
from scripts._figures._style import (
    COLOURS,
    GREY,
    SMALL,
    family_colour,
    finish,
    key,
    looks_of_curves,
    set_log,
    styled,
    ticks,
)

# Markers on a curve. More would hide its line.
_N_MARKERS = 8
# Signs of a reason beside an axis; the table has all of it.
_MOST_SIGNS = 40
_LEVEL: dict[str, Any] = {"color": GREY, "linewidth": 1.0, "linestyle": (0, (1, 1.5))}


@dataclass(frozen=True)
class Scale:
    """An axis: its label with the unit, and the format of its numbers."""

    label: str
    text: Callable[[float], str]
    log: bool = False
    limits: tuple[float, float] | None = None


@dataclass(frozen=True)
class Line:
    """A line of a panel."""

    name: str
    x: Sequence[float]
    y: Sequence[float]


@dataclass(frozen=True)
class Panel:
    """Curves on two axes, and named levels drawn as horizontal lines."""

    title: str
    x: Scale
    y: Scale
    curves: Sequence[Line]
    levels: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Bar:
    """Times of one contender; without any, the reason why there are none."""

    family: str
    seconds: Sequence[float]
    reason: str = ""


@styled()
def draw_panels(title: str, rows: Sequence[Sequence[Panel]], facts: Facts, note: str) -> Figure:
    """Panels in rows, each with axes of its own, and one legend."""
    figure = Figure(layout="constrained")
    grid = figure.subplots(len(rows), len(rows[0]), squeeze=False)
    panels = [panel for row in rows for panel in row]
    looks = looks_of_curves(curve.name for panel in panels for curve in panel.curves)
    for axes, panel in zip(grid.ravel(), panels, strict=True):
        _draw_panel(axes, panel, looks)
    height = 0.4 + (3.0 if len(rows) == 1 else 2.4 * len(rows))
    return finish(figure, height, title, _legend(looks), facts, note)


@styled()
def draw_fit(
    points: tuple[Sequence[float], Sequence[float]],
    lines: Sequence[Line],
    title: str,
    facts: Facts,
    note: str,
) -> Figure:
    """Points and straight lines, each given by its two ends."""
    figure = Figure(layout="constrained")
    axes = figure.subplots()
    looks = looks_of_curves(line.name for line in lines)
    dots: dict[str, Any] = {"marker": ".", "markersize": 4, "linestyle": "", "color": "#b0b0b0"}
    axes.plot(*points, **dots, zorder=1)
    for line in lines:
        axes.plot(line.x, line.y, **looks[line.name])
    axes.set(xlabel="x", ylabel="y")
    return finish(figure, 4.0, title, _legend(looks), facts, note)


@styled()
def draw_times_and_marks(
    seconds: Mapping[str, float],
    marks: Mapping[str, Sequence[float]],
    title: str,
    facts: Facts,
    note: str,
) -> Figure:
    """Bars of seconds on a logarithmic axis, and beside them the values of each name by sample."""
    figure = Figure(layout="constrained")
    left, right = figure.subplots(1, 2)
    _draw_bars(left, seconds)
    names = list(marks)
    looks: list[dict[str, Any]] = [
        {"marker": "o", "markersize": 12, "markerfacecolor": "none", "color": GREY},
        {"marker": "x", "markersize": 7, "color": COLOURS[1]},
    ]
    right.axhline(0, color=GREY, linewidth=0.8)
    for name, look in zip(names, looks, strict=True):
        right.plot(range(1, len(marks[name]) + 1), marks[name], linestyle="", **look)
    n_samples = len(marks[names[0]])
    right.set(xlabel="sample", ylabel="loop − closed form", xticks=range(1, n_samples + 1))
    right.set_title("Difference of the layers")
    right.margins(x=0.15, y=0.15)
    handles = [key(name, look | {"linestyle": ""}) for name, look in zip(names, looks, strict=True)]
    return finish(figure, 3.0, title, handles, facts, note)


@styled()
def draw_bars(
    title: str, panels: Mapping[str, Mapping[str, Bar]], facts: Facts, note: str
) -> Figure:
    """Bars of median seconds on logarithmic axes, a panel for each group, coloured by family."""
    n_columns = min(2, len(panels))
    n_rows = math.ceil(len(panels) / n_columns)
    figure = Figure(layout="constrained")
    grid = figure.subplots(n_rows, n_columns, squeeze=False).ravel()
    for spare in grid[len(panels) :]:
        spare.remove()
    for axes, (name, bars) in zip(grid, panels.items(), strict=False):
        axes.set_title(name)
        _draw_medians(axes, bars)
    present = {bar.family for bars in panels.values() for bar in bars.values()}
    looks = {family: {"color": family_colour(family)} for family in FAMILIES if family in present}
    handles = [key(family, look | {"linewidth": 6.0}) for family, look in looks.items()]
    most = max(map(len, panels.values()))
    return finish(figure, 0.4 + n_rows * (0.8 + 0.21 * most), title, handles, facts, note)


def _draw_medians(axes: Axes, bars: Mapping[str, Bar]) -> None:
    """Medians with a line from the least to the most; a reason in place of a bar."""
    timed = [bar for bar in bars.values() if bar.seconds]
    low = min((min(bar.seconds) for bar in timed), default=1.0) / 3
    high = max((max(bar.seconds) for bar in timed), default=1.0) * 12
    axes.set_yticks(range(len(bars)), list(bars))
    axes.set(xlabel="time", xlim=(low, high), ylim=(len(bars) - 0.4, -0.6))
    axes.grid(False, axis="y")
    set_log(axes, "x", units.seconds, most_ticks=5)
    for place, bar in enumerate(bars.values()):
        end, text = low, bar.reason
        if bar.seconds:
            value, end = median(bar.seconds), max(bar.seconds)
            axes.barh(place, value, color=family_colour(bar.family), height=0.6)
            axes.hlines(place, min(bar.seconds), end, color="black", linewidth=1.2)
            text = units.seconds(value)
        axes.annotate(
            text if len(text) <= _MOST_SIGNS else f"{text[:_MOST_SIGNS]}…",
            (end, place),
            xytext=(4, 0),
            textcoords="offset points",
            verticalalignment="center",
            fontsize=8,
        )


def _draw_bars(axes: Axes, seconds: Mapping[str, float]) -> None:
    places = range(len(seconds))
    values = list(seconds.values())
    axes.barh(places, values, color=COLOURS[0], height=0.6)
    axes.set_yticks(places, list(seconds))
    axes.invert_yaxis()
    axes.grid(False, axis="y")
    axes.set(xlabel="time", xlim=(min(values) / 5, max(values) * 12))
    axes.set_title("Time of the training")
    set_log(axes, "x", units.seconds, most_ticks=5)
    for place, value in zip(places, values, strict=True):
        axes.annotate(
            units.seconds(value),
            (value, place),
            xytext=(4, 0),
            textcoords="offset points",
            verticalalignment="center",
            fontsize=8,
        )


def _legend(looks: Mapping[str, dict[str, Any]]) -> list[Line2D]:
    return [key(name, look) for name, look in looks.items()]


def _draw_panel(axes: Axes, panel: Panel, looks: Mapping[str, dict[str, Any]]) -> None:
    axes.set_title(panel.title)
    for curve in panel.curves:
        every = max(1, math.ceil(len(curve.x) / _N_MARKERS))
        axes.plot(curve.x, curve.y, markevery=every, **looks[curve.name])
    for value in panel.levels.values():
        axes.axhline(value, **_LEVEL, zorder=1)
    for which, scale in (("x", panel.x), ("y", panel.y)):
        axes.set(**{f"{which}label": scale.label})
        if scale.limits:
            axes.set(**{f"{which}lim": scale.limits})
        if scale.log:
            set_log(axes, which, scale.text, most_ticks=4)
        else:
            getattr(axes, f"{which}axis").set_major_formatter(ticks(scale.text))
    for name, value in panel.levels.items():
        place = {"transform": axes.get_yaxis_transform(), "va": "center"}
        axes.text(1.02, value, name, **(SMALL | place))
