"""Points show what one call needs: bytes that it allocates, and what its process grows by."""

from __future__ import annotations

import math
from statistics import fmean
from typing import Any

import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from scripts._common import units
from scripts._common.records import Facts
from scripts._figures._data import (
    ByPlace,
    Place,
    Point,
    Size,
    by_place,
    cells_of,
    sizes_of,
    spread,
    state_of,
)
from scripts._figures._style import (
    SMALL,
    finish,
    set_log_from_zero,
    size_text,
    title_of,
)

_PANELS = {"allocated by a call": "workspace", "growth of the process": "peak"}
_SIZE_COLOURS = ("#9ecae1", "#4292c6", "#08306b")
_SIZE_MARKERS = "os^"
_MOST_ROWS = 40  # those that need the most are left out


def draw(results: pd.DataFrame, facts: Facts) -> Figure | None:
    """Workspace of one call on the left, peak of its process's memory on the right."""
    panels = {title: by_place(cells_of(results, metric)) for title, metric in _PANELS.items()}
    workspace = next(iter(panels.values()))
    cells = [cell for own in panels.values() for cell in own.values()]
    measured = sizes_of(cells)
    sizes = spread(measured, len(_SIZE_COLOURS))
    if not sizes:
        return None
    names = _by_need([c for c in cells if c.state == "ok" and c.size in sizes], workspace)[
        :_MOST_ROWS
    ]
    figure = Figure(layout="constrained")
    left, right = figure.subplots(1, 2, sharey=True)
    for axes, (title, own) in zip((left, right), panels.items(), strict=True):
        for number, rows in enumerate(_rows(names, sizes)):
            _draw_points(axes, own, rows, number)
        _set_axes(axes, title, [cell.value for cell in cells])
    left.set_yticks(range(len(names)), names)
    left.set_ylim(len(names) - 0.5, -0.5)
    chosen = f"{len(sizes)} of {len(measured)} sizes. " if len(sizes) < len(measured) else ""
    note = (
        f"{chosen}Sorted by the left side's geometric mean. 0 B is drawn left of the logarithmic "
        "scale. The process grows by whole pages (4 kB), and only if its free memory is too small "
        "for the call."
    )
    height = len(names) * (0.12 * len(sizes) + 0.08) + 0.6
    title = title_of("Memory of one gradient, for n_samples × n_features", results)
    return finish(figure, height, title, _memory_legend(sizes), facts, note)


def _by_need(cells: list[Point], first: ByPlace) -> list[str]:
    """Names by the geometric mean of what a call allocates; those with few values come last."""
    needs: dict[str, list[float]] = {cell.implementation: [] for cell in cells}
    for cell in cells:
        if first.get((cell.implementation, cell.size)) is cell:
            needs[cell.implementation].append(math.log(max(1.0, cell.value)))
    return sorted(needs, key=lambda name: (-len(needs[name]), fmean(needs[name] or [0.0]), name))


def _rows(names: list[str], sizes: list[Size]) -> list[dict[Place, float]]:
    """Vertical positions of each size's marks: a row per name, a line in it per size."""
    offsets = [(i + 0.5) / len(sizes) - 0.5 for i in range(len(sizes))]
    return [
        {(name, size): row + 0.8 * offset for row, name in enumerate(names)}
        for size, offset in zip(sizes, offsets, strict=True)
    ]


def _draw_points(axes: Axes, cells: ByPlace, rows: dict[Place, float], number: int) -> None:
    shown = {place: row for place, row in rows.items() if state_of(place, cells) == "ok"}
    axes.plot([cells[p].value for p in shown], list(shown.values()), **_size_look(number))
    _write_absent(axes, rows, cells)


def _write_absent(axes: Axes, rows: dict[Place, float], cells: ByPlace) -> None:
    for place, row in rows.items():
        if (state := state_of(place, cells)) != "ok":
            look = SMALL | {"transform": axes.get_yaxis_transform(), "va": "center"}
            axes.text(0.01, row, state, **look)


def _size_look(number: int) -> dict[str, Any]:
    return {"color": _SIZE_COLOURS[number], "marker": _SIZE_MARKERS[number], "linestyle": ""}


def _memory_legend(sizes: list[Size]) -> list[Artist]:
    looks = map(_size_look, range(len(sizes)))
    return [Line2D([], [], label=size_text(s), **k) for s, k in zip(sizes, looks, strict=True)]


def _set_axes(axes: Axes, title: str, n_bytes: list[float]) -> None:
    set_log_from_zero(axes, "x", n_bytes, units.n_bytes)
    axes.set_title(title)
    axes.grid(False, axis="y")
    axes.tick_params(axis="y", length=0)
