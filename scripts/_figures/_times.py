"""Time of one gradient against a size: panels of lines with intervals."""

from __future__ import annotations

import math
from collections.abc import Callable

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from scripts._common import units
from scripts._common.records import Facts
from scripts._figures._data import Point
from scripts._figures._style import (
    draw_series,
    finish,
    legend_of,
    look_of,
    make_grid,
    set_log,
)


def draw_times(
    panels: dict[str, list[Point]],
    x: Callable[[Point], float],
    x_label: str,
    title: str,
    names: list[str],
    facts: Facts,
) -> Figure | None:
    if not panels:
        return None
    grid = make_grid(len(panels))
    for axes, (panel, cells) in zip(grid.panels, panels.items(), strict=True):
        axes.set_title(panel)
        draw_series(axes, cells, names, x, lambda c: c.value)
        _draw_intervals(axes, cells, names, x)
    set_log(grid.panels[0], "x", lambda n: f"{n:,.0f}")
    set_log(grid.panels[0], "y", units.seconds)
    grid.label(x_label, "time of one gradient")
    note = "Bars: 99 % interval. No point: the cell was skipped, failed, is wrong or is missing."
    return finish(grid.figure, grid.height, title, legend_of(names), facts, note)


def _draw_intervals(
    axes: Axes, cells: list[Point], names: list[str], x: Callable[[Point], float]
) -> None:
    """A bar from each finite bound to the value."""
    for cell in cells:
        low, high = (b if math.isfinite(b) else cell.value for b in (cell.low, cell.high))
        if cell.state == "ok" and low > 0:
            axes.vlines(x(cell), low, high, colors=look_of(names, cell.implementation)["color"])
