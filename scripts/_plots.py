"""Figures that compare the implementations of one problem, drawn from a tidy table of results.

Each function gets the rows of one problem and one thread setting, one row per implementation,
size and metric, and returns None where there is nothing to draw. Colours, markers and order come
from the sorted names in the rows, so that an implementation looks the same in every figure.
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import Any, Protocol

import matplotlib
import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

from scripts import _format

BASELINE = "matrix"  # the implementation that every speed-up is over

# Okabe and Ito's colours, without the yellow that is too pale for a line.
_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000")
# 9 markers and 4 dashes have no common factor: 36 names before a pair of them comes again, so
# that lines are told apart without their colours.
_MARKERS = "os^DvPX><"
_DASHES: tuple[Any, ...] = ("-", (0, (5, 1.5)), (0, (1.5, 1.2)), (0, (7, 1.5, 1.5, 1.5)))
_GREY = "#666666"
_SIZE_COLOURS = ("#9ecae1", "#4292c6", "#08519c", "#08203d")
_SIZE_MARKERS = "os^D"

_WIDTH = 9.0  # inches; 100 pixels an inch in a README
_STYLE = {
    "font.size": 9,
    "axes.titlesize": 9,
    "axes.labelsize": 9,
    "legend.fontsize": 8,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "figure.titlesize": 11,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.titlelocation": "left",
    "grid.color": "#e4e4e4",
    "grid.linewidth": 0.7,
    "lines.linewidth": 1.3,
    "lines.markersize": 5,
    "hatch.linewidth": 0.6,
    "legend.frameon": False,
    "svg.hashsalt": "gradmark",
}

Size = tuple[int, int]


class Facts(Protocol):
    """What a figure tells about the machine and the origin of its numbers."""

    @property
    def cache_bytes(self) -> Mapping[int, int]:
        """Bytes of each cache, by level."""

    @property
    def footer(self) -> str:
        """Command, commit, machine, versions and threads, for the foot of a figure."""


@dataclass(frozen=True)
class Curve:
    """Memory of one process over time.

    Attributes
    ----------
    implementation : str
    n_samples, n_features : int
    seconds, mebibytes : tuple of float
        Time since the start of the process and its memory then, one pair per sample.
    call_seconds : tuple of float
        Start and end of the timed calls.
    """

    implementation: str
    n_samples: int
    n_features: int
    seconds: tuple[float, ...]
    mebibytes: tuple[float, ...]
    call_seconds: tuple[float, float]


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


@dataclass(frozen=True)
class _Cell:
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
        return _working_set(self.size, self.bytes_per_value)



@contextmanager
def _style() -> Iterator[None]:
    """Our look, whatever the user's matplotlibrc says; restored at the end."""
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(_STYLE)
        yield


@_style()
def time_by_samples(results: pd.DataFrame, facts: Facts) -> Figure | None:
    """Time of one gradient against n_samples, a panel per n_features."""
    cells = _cells(results, "time")
    panels = {f"n_features = {d:,}": own for d, own in _group(cells, lambda c: c.size[1])}
    title = _title("Time of one gradient against the number of samples", results)
    return _times(panels, lambda c: c.size[0], "n_samples", title, _names(results), facts)


@_style()
def time_by_features(results: pd.DataFrame, facts: Facts) -> Figure | None:
    """Time of one gradient against n_features, a panel per n_samples that has two sizes or more."""
    cells = _cells(results, "time")
    groups = _group(cells, lambda c: c.size[0])
    panels = {f"n_samples = {n:,}": own for n, own in groups if len(_sizes(own)) > 1}
    title = _title("Time of one gradient against the number of features", results)
    return _times(panels, lambda c: c.size[1], "n_features", title, _names(results), facts)


@_style()
def speedup(results: pd.DataFrame, facts: Facts) -> Figure | None:
    """Heat map of the speed-up over the baseline; the baseline's own row shows times."""
    cells = {(c.implementation, c.size): c for c in _cells(results, "time")}
    if not any(name == BASELINE and c.state == "ok" for (name, _), c in cells.items()):
        return None
    names = [BASELINE, *(name for name in _names(results) if name != BASELINE)]
    sizes = _sizes(cells.values(), all_states=True)
    figure = Figure()
    axes = figure.subplots()
    _draw_heat_map(axes, cells, names, sizes)
    title = _title(f"Speed-up over {BASELINE}, whose row shows its time", results)
    handles = [_mark_patch(state) for state in _MARKS]
    note = "Columns by n_samples × n_features, from the smallest working set to the largest."
    return _finish(figure, 0.28 * len(names) + 0.9, title, handles, facts, note)


@_style()
def bandwidth(results: pd.DataFrame, facts: Facts) -> Figure | None:
    """Effective bandwidth against the working set, with the read roof and the caches."""
    cells, names = _cells(results, "time"), _names(results)
    roof = _roof(_cells(results, "read_roof"))
    panels = _group(cells, lambda c: c.size[1])
    if not panels:
        return None
    figure, grid = _panels(len(panels))
    for axes, (n_features, own) in zip(grid, panels, strict=True):
        axes.set_title(f"n_features = {n_features:,}")
        _draw_caches(axes, facts.cache_bytes)
        axes.plot(*roof, color="#bbbbbb", linewidth=5, solid_capstyle="round", zorder=1)
        _draw_series(axes, own, names, lambda c: c.working_set, _effective_bandwidth)
    _set_log(grid, "x", _format.n_bytes)
    _set_log(grid, "y", _format.gigabytes_per_second)
    figure.supxlabel("working set: X, y, weights and gradient (bytes)")
    figure.supylabel("effective bandwidth (GB/s)")
    handles = [*_legend(names), Line2D([], [], color="#bbbbbb", linewidth=5, label="read roof")]
    title = _title("Effective bandwidth against the working set", results)
    return _finish(figure, _height(grid), title, handles, facts, _cache_note(facts.cache_bytes))


@_style()
def memory(results: pd.DataFrame, facts: Facts) -> Figure | None:
    """Workspace of one call, and the peak of its process beside it."""
    metrics = ("workspace", "peak_gradient", "peak_inputs")
    workspace, peak, inputs = (_by_place(_cells(results, metric)) for metric in metrics)
    measured = _sizes([*workspace.values(), *peak.values()])
    sizes = _spread(measured, len(_SIZE_COLOURS))
    if not sizes:
        return None
    names = _names(results)
    figure = Figure()
    left, right = figure.subplots(1, 2, sharey=True)
    for number, size in enumerate(sizes):
        rows = {(name, size): row + _dodge(number, len(sizes)) for row, name in enumerate(names)}
        _draw_workspace(left, workspace, rows, number)
        _draw_peak(right, peak, inputs, rows, number)
    _set_memory_axes(left, right, names, workspace)
    title = _title("Memory of one gradient", results)
    chosen = f"{len(sizes)} of {len(measured)} sizes. " if len(sizes) < len(measured) else ""
    note = f"{chosen}Workspace 0 B stands to the left of the logarithmic scale."
    height = len(names) * (0.12 * len(sizes) + 0.08) + 0.6
    return _finish(figure, height, title, _memory_legend(sizes), facts, note)


@_style()
def error_against_time(results: pd.DataFrame, facts: Facts) -> Figure | None:
    """Error against time, a point per implementation, for up to three sizes."""
    times, errors = (_by_place(_cells(results, metric)) for metric in ("time", "error"))
    both = [c for place, c in times.items() if place in errors and errors[place].state == "ok"]
    sizes = _spread(_sizes(both), 3)
    if not sizes:
        return None
    names = _names(results)
    figure, grid = _panels(len(sizes))
    for axes, size in zip(grid, sizes, strict=True):
        axes.set_title(_size_text(size))
        axes.set_xlabel(_absent(times, errors, names, size), fontsize=6.5, color=_GREY)
        for name in names:
            _draw_error(axes, times.get((name, size)), errors.get((name, size)), names)
    _set_error_axes(grid, [c.value for c in errors.values() if c.size in sizes])
    figure.supxlabel("time of one gradient")
    figure.supylabel("error relative to the sum of absolute terms")
    title = _title("Error against time, for n_samples × n_features", results)
    note = "Lower left is better. Error 0 stands below the logarithmic scale."
    return _finish(figure, _height(grid), title, _legend(names, lines=False), facts, note)


@_style()
def memory_over_time(curves: Sequence[Curve], facts: Facts) -> Figure | None:
    """Memory of each process over its life, a panel per curve, the timed calls shaded."""
    if not curves:
        return None
    figure, grid = _panels(len(curves), most_columns=5)
    sizes = {(curve.n_samples, curve.n_features) for curve in curves}
    for axes, curve in zip(grid, curves, strict=True):
        axes.axvspan(*curve.call_seconds, color="#fdd9b5", linewidth=0)
        axes.plot(curve.seconds, _curve_bytes(curve), color=_COLOURS[0])
        axes.set_title(_curve_title(curve, show_size=len(sizes) > 1), fontsize=8)
    grid[0].set_ylim(bottom=0)
    grid[0].yaxis.set_major_formatter(_ticks(_format.n_bytes))
    grid[0].xaxis.set_major_locator(MaxNLocator(4))
    figure.supxlabel("time since the process started (s)")
    figure.supylabel("memory of the process")
    size = f", n_samples × n_features = {_size_text(*sizes)}" if len(sizes) == 1 else ""
    handles = [Patch(color="#fdd9b5", label="the timed calls")]
    note = "After the name: the highest memory during the timed calls, above that at their start."
    return _finish(figure, _height(grid), f"Memory over time{size}", handles, facts, note)


FIGURES: tuple[tuple[str, Callable[[pd.DataFrame, Facts], Figure | None]], ...] = (
    ("time_by_samples", time_by_samples),
    ("time_by_features", time_by_features),
    ("speedup", speedup),
    ("bandwidth", bandwidth),
    ("memory", memory),
    ("error_against_time", error_against_time),
)


@_style()
def save(figure: Figure, folder: Path, stem: str) -> tuple[Path, Path]:
    """Write ``stem.png`` and ``stem.svg``, the same bytes for the same figure; return the paths."""
    png, svg = (folder / f"{stem}.{kind}" for kind in ("png", "svg"))
    figure.savefig(png, dpi=150)
    figure.savefig(svg, metadata={"Date": None})
    return png, svg


# Rows of the table.


def _cells(results: pd.DataFrame, metric: str) -> list[_Cell]:
    """Rows of one metric on drawn data; a value counts only where the state is ok."""
    if results.empty:
        return []
    columns = ["value", "low", "high", "state", "bytes_per_value"]
    rows = results[(results["metric"] == metric) & (results["dataset"] == "")]
    return [
        _Cell(name, (int(n), int(d)), value if state == "ok" else math.nan, low, high, state, width)
        for name, n, d, value, low, high, state, width in rows[
            ["implementation", "n_samples", "n_features", *columns]
        ].itertuples(index=False, name=None)
    ]


def _by_place(cells: Iterable[_Cell]) -> dict[tuple[str, Size], _Cell]:
    return {(c.implementation, c.size): c for c in cells}


def _names(results: pd.DataFrame) -> list[str]:
    return sorted(set(results["implementation"]))


def _sizes(cells: Iterable[_Cell], all_states: bool = False) -> list[Size]:
    """Sizes with a value (or all), by the working set in float64."""
    sizes = {c.size for c in cells if all_states or c.state == "ok"}
    return sorted(sizes, key=lambda size: (_working_set(size, 8), size))


def _group(cells: list[_Cell], key: Callable[[_Cell], int]) -> list[tuple[int, list[_Cell]]]:
    """Cells by a key, in its order; without the groups that have no value."""
    groups: dict[int, list[_Cell]] = {}
    for cell in cells:
        groups.setdefault(key(cell), []).append(cell)
    return [(k, own) for k, own in sorted(groups.items()) if _sizes(own)]


def _spread(sizes: list[Size], most: int) -> list[Size]:
    """At most so many sizes, evenly over the order, the first and the last among them."""
    if len(sizes) <= most:
        return sizes
    return [sizes[round(i * (len(sizes) - 1) / (most - 1))] for i in range(most)]


def _working_set(size: Size, bytes_per_value: float) -> float:
    n_samples, n_features = size
    return bytes_per_value * (n_samples * n_features + n_samples + 2 * n_features)


def _effective_bandwidth(cell: _Cell) -> float:
    return cell.working_set / cell.value / 1e9


def _roof(cells: list[_Cell]) -> tuple[list[float], list[float]]:
    """Working sets and the median read roof of each."""
    roofs: dict[float, list[float]] = {}
    for cell in cells:
        if cell.state == "ok":
            roofs.setdefault(cell.working_set, []).append(cell.value)
    return sorted(roofs), [median(roofs[n_bytes]) for n_bytes in sorted(roofs)]


# Parts of several figures.


def _title(text: str, results: pd.DataFrame) -> str:
    problem, threads = results[["problem", "threads"]].iloc[0] if len(results) else ("", "")
    return f"{text} ({problem}, {threads} thread{'' if threads == '1' else 's'})"


def _size_text(size: Size) -> str:
    return f"{size[0]:,} × {size[1]:,}"


def _look(names: Sequence[str], name: str) -> dict[str, Any]:
    """Colour, marker and dashes of a name, from its place among the sorted names."""
    place = sorted(names).index(name)
    colour = _COLOURS[place % len(_COLOURS)]
    hollow = place // len(_MARKERS) % 2 == 1
    return {
        "color": colour,
        "marker": _MARKERS[place % len(_MARKERS)],
        "markerfacecolor": "white" if hollow else colour,
        "linestyle": _DASHES[place % len(_DASHES)],
    }


def _legend(names: Sequence[str], lines: bool = True) -> list[Artist]:
    looks = [_look(names, name) | ({} if lines else {"linestyle": ""}) for name in names]
    return [Line2D([], [], label=n, **look) for n, look in zip(names, looks, strict=True)]


def _panels(n_panels: int, most_columns: int = 3) -> tuple[Figure, list[Axes]]:
    """Small multiples with shared axes."""
    n_columns = 2 if n_panels == 4 and most_columns == 3 else min(n_panels, most_columns)
    figure = Figure()
    grid = figure.subplots(
        math.ceil(n_panels / n_columns), n_columns, sharex=True, sharey=True, squeeze=False
    ).ravel()
    for spare in grid[n_panels:]:
        spare.remove()
    for last in grid[max(0, n_panels - n_columns) : n_panels]:
        last.tick_params(labelbottom=True)
    return figure, list(grid[:n_panels])


def _height(grid: list[Axes]) -> float:
    n_rows = grid[0].get_gridspec().nrows
    return 0.4 + (3.0 if n_rows == 1 else 2.1 * n_rows)


def _finish(
    figure: Figure, height: float, title: str, handles: list[Any], facts: Facts, note: str
) -> Figure:
    """Add title, legend, note and footer around axes that get `height` inches."""
    lines = [part for line in (note, *facts.footer.splitlines()) for part in textwrap.wrap(line, 165)]
    foot = 0.08 + 0.13 * len(lines)
    legend = 0.08 + 0.175 * math.ceil(len(handles) / 5)
    total = height + 0.35 + legend + foot
    figure.set_size_inches(_WIDTH, total)
    bottom = (foot + legend) / total
    figure.set_layout_engine("constrained", rect=(0, bottom, 1, 1 - bottom))
    figure.suptitle(title, x=0.01, horizontalalignment="left", fontweight="bold")
    figure.legend(
        handles=handles, loc="lower center", bbox_to_anchor=(0.5, foot / total), ncols=5,
        borderaxespad=0, handlelength=3,
    )
    figure.text(0.01, 0.05 / total, "\n".join(lines), fontsize=6.5, color=_GREY)
    return figure


def _ticks(text: Callable[[float], str]) -> FuncFormatter:
    return FuncFormatter(lambda value, _: _format.short(text(value)))


def _set_log(grid: list[Axes], which: str, text: Callable[[float], str]) -> None:
    """Logarithmic axes with a unit at each label; the panels share them."""
    for axes in grid:
        axes.set(**{f"{which}scale": "log"})
    axis: Axis = getattr(grid[0], f"{which}axis")
    low, high = axis.get_view_interval()
    axis.set_major_locator(LogLocator(subs=(1.0,) if high > 30 * low else (1.0, 2.0, 5.0)))
    axis.set_major_formatter(_ticks(text))
    axis.set_minor_formatter(NullFormatter())


def _draw_series(
    axes: Axes,
    cells: list[_Cell],
    names: list[str],
    x: Callable[[_Cell], float],
    y: Callable[[_Cell], float],
) -> None:
    for name in names:
        own = sorted((c for c in cells if c.implementation == name), key=x)
        axes.plot([x(c) for c in own], [y(c) for c in own], label=name, **_look(names, name))


# Parts of one figure.


def _times(
    panels: dict[str, list[_Cell]],
    x: Callable[[_Cell], float],
    x_label: str,
    title: str,
    names: list[str],
    facts: Facts,
) -> Figure | None:
    if not panels:
        return None
    figure, grid = _panels(len(panels))
    for axes, (panel, cells) in zip(grid, panels.items(), strict=True):
        axes.set_title(panel)
        _draw_series(axes, cells, names, x, lambda c: c.value)
        _draw_intervals(axes, cells, names, x)
    _set_log(grid, "x", lambda n: f"{n:,.0f}")
    _set_log(grid, "y", _format.seconds)
    figure.supxlabel(x_label)
    figure.supylabel("time of one gradient")
    note = "Vertical bars: 99 % interval. A line has no point where a cell was skipped, failed or is wrong."
    return _finish(figure, _height(grid), title, _legend(names), facts, note)


def _draw_intervals(
    axes: Axes, cells: list[_Cell], names: list[str], x: Callable[[_Cell], float]
) -> None:
    """A bar from each finite bound to the value."""
    for cell in cells:
        low, high = (b if math.isfinite(b) else cell.value for b in (cell.low, cell.high))
        if cell.state == "ok" and low > 0:
            axes.vlines(x(cell), low, high, colors=_look(names, cell.implementation)["color"])
