"""Time of one gradient against a size: panels of lines with intervals."""

from __future__ import annotations

import math
from collections.abc import Callable

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from scripts._common import units
from scripts._common.records import Facts
from scripts._figures._data import Point
from scripts._figures._lines import Chosen, draw_lines, label_ends
from scripts._figures._style import finish, make_grid, set_log


def draw_times(
    panels: dict[str, list[Point]],
    x: Callable[[Point], float],
    x_label: str,
    title: str,
    chosen: Chosen,
    facts: Facts,
) -> Figure | None:
    if not panels:
        return None
    grid = make_grid(len(panels), most_columns=2)
    for axes, (panel, cells) in zip(grid.panels, panels.items(), strict=True):
        axes.set_title(panel)
        draw_lines(axes, cells, chosen, x, lambda c: c.value)
        _draw_intervals(axes, [c for c in cells if c.implementation in chosen.reasons], chosen, x)
    set_log(grid.panels[0], "x", lambda n: f"{n:,.0f}")
    set_log(grid.panels[0], "y", units.seconds)
    for axes in grid.panels:
        label_ends(axes, chosen)
    grid.label(x_label, "time of one gradient")
    note = (
        "Vertical bars: 95 % intervals. Where there is no point, the cell was skipped, failed, "
        f"wrong or missing; see timing.md. {chosen.note}"
    )
    return finish(grid.figure, grid.height, title, chosen.legend, facts, note)


def _draw_intervals(
    axes: Axes, cells: list[Point], chosen: Chosen, x: Callable[[Point], float]
) -> None:
    """Draw a bar from the value to each finite bound."""
    for cell in cells:
        low, high = (b if math.isfinite(b) else cell.value for b in (cell.low, cell.high))
        if cell.state == "ok" and low > 0:
            axes.vlines(x(cell), low, high, colors=chosen.look(cell.implementation)["color"])
