"""Points show the workspace of a call; bars show its process's peak, with the call in orange."""

from __future__ import annotations

from typing import Any

import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from scripts._common import units
from scripts._common.records import Facts
from scripts._figures._data import (
    ByPlace,
    Place,
    Size,
    by_place,
    cells_of,
    names_of,
    sizes_of,
    spread,
    state_of,
)
from scripts._figures._style import (
    SMALL,
    finish,
    set_log_from_zero,
    size_text,
    ticks,
    title_of,
)

_ADDED = "#D55E00"
_SIZE_COLOURS = ("#9ecae1", "#4292c6", "#08306b")
_SIZE_MARKERS = "os^"


def draw(results: pd.DataFrame, facts: Facts) -> Figure | None:
    """Workspace of one call on the left, peak of its process on the right."""
    metrics = ("workspace", "peak_gradient", "peak_inputs")
    workspace, peak, inputs = (by_place(cells_of(results, metric)) for metric in metrics)
    every = sizes_of([*workspace.values(), *peak.values()])
    # A size with one metric would leave half of its row empty.
    both = set(sizes_of(workspace.values())) & set(sizes_of(peak.values()))
    measured = [size for size in every if size in both] or every
    sizes = spread(measured, len(_SIZE_COLOURS))
    if not sizes:
        return None
    names = names_of(results)
    figure = Figure(layout="constrained")
    left, right = figure.subplots(1, 2, sharey=True)
    for number, rows in enumerate(_rows(names, sizes)):
        _draw_workspace(left, workspace, rows, number)
        _draw_peak(right, peak, inputs, rows, number, 0.8 / len(sizes))
    _set_memory_axes(left, right, names, [workspace[p].value for p in workspace])
    chosen = f"{len(sizes)} of {len(measured)} sizes. " if len(sizes) < len(measured) else ""
    note = (
        f"{chosen}A workspace of 0 B is drawn left of the logarithmic scale. Peak: of a process "
        "with the inputs alone, and what a call adds to it."
    )
    height = len(names) * (0.12 * len(sizes) + 0.08) + 0.6
    title = title_of("Memory of one gradient, for n_samples × n_features", results)
    return finish(figure, height, title, _memory_legend(sizes), facts, note)


def _rows(names: list[str], sizes: list[Size]) -> list[dict[Place, float]]:
    """Vertical positions of each size's marks: a row per name, a line in it per size."""
    offsets = [(i + 0.5) / len(sizes) - 0.5 for i in range(len(sizes))]
    return [
        {(name, size): row + 0.8 * offset for row, name in enumerate(names)}
        for size, offset in zip(sizes, offsets, strict=True)
    ]


def _draw_workspace(axes: Axes, cells: ByPlace, rows: dict[Place, float], number: int) -> None:
    shown = {place: row for place, row in rows.items() if state_of(place, cells) == "ok"}
    axes.plot([cells[p].value for p in shown], list(shown.values()), **_size_look(number))
    _write_absent(axes, rows, cells)


def _draw_peak(
    axes: Axes, peak: ByPlace, inputs: ByPlace, rows: dict[Place, float], number: int, height: float
) -> None:
    shown = {place: row for place, row in rows.items() if state_of(place, peak, inputs) == "ok"}
    y, below = list(shown.values()), [inputs[p].value for p in shown]
    # The peak with a small call can be below that with the inputs alone, by noise.
    added = [max(0.0, peak[p].value - inputs[p].value) for p in shown]
    axes.barh(y, below, height, color=_SIZE_COLOURS[number])
    axes.barh(y, added, height, left=below, color=_ADDED)
    _write_absent(axes, rows, peak, inputs)


def _write_absent(axes: Axes, rows: dict[Place, float], *tables: ByPlace) -> None:
    for place, row in rows.items():
        if (state := state_of(place, *tables)) != "ok":
            look = SMALL | {"transform": axes.get_yaxis_transform(), "va": "center"}
            axes.text(0.01, row, state, **look)


def _size_look(number: int) -> dict[str, Any]:
    return {"color": _SIZE_COLOURS[number], "marker": _SIZE_MARKERS[number], "linestyle": ""}


def _memory_legend(sizes: list[Size]) -> list[Artist]:
    looks = map(_size_look, range(len(sizes)))
    points = [Line2D([], [], label=size_text(s), **k) for s, k in zip(sizes, looks, strict=True)]
    return [*points, Patch(color=_ADDED, label="added by the call")]


def _set_memory_axes(left: Axes, right: Axes, names: list[str], workspace: list[float]) -> None:
    left.set_yticks(range(len(names)), names)
    left.set_ylim(len(names) - 0.5, -0.5)
    set_log_from_zero(left, "x", workspace, units.n_bytes)
    right.xaxis.set_major_formatter(ticks(units.n_bytes))
    right.xaxis.set_major_locator(MaxNLocator(6))
    left.set_title("workspace of a call")
    right.set_title("peak of the process")
    for axes in (left, right):
        axes.grid(False, axis="y")
        axes.tick_params(axis="y", length=0)
