"""Time of one gradient against the number of samples and of features."""

from __future__ import annotations

import math
from collections.abc import Callable

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from scripts._common import units as _format
from scripts._figures._data import Cell, Facts, cells_of, group, names_of, sizes_of
from scripts._figures._style import (
    draw_series,
    finish,
    legend_of,
    look_of,
    make_grid,
    set_log,
    styled,
    title_of,
)


@styled()
def time_by_samples(results: pd.DataFrame, facts: Facts) -> Figure | None:
    """Time of one gradient against n_samples, a panel per n_features."""
    cells = cells_of(results, "time")
    panels = {f"n_features = {d:,}": own for d, own in group(cells, lambda c: c.size[1])}
    title = title_of("Time of one gradient against the number of samples", results)
    return _times(panels, lambda c: c.size[0], "n_samples", title, names_of(results), facts)


@styled()
def time_by_features(results: pd.DataFrame, facts: Facts) -> Figure | None:
    """Time of one gradient against n_features, a panel per n_samples that has two sizes or more."""
    cells = cells_of(results, "time")
    groups = group(cells, lambda c: c.size[0])
    panels = {f"n_samples = {n:,}": own for n, own in groups if len(sizes_of(own)) > 1}
    title = title_of("Time of one gradient against the number of features", results)
    return _times(panels, lambda c: c.size[1], "n_features", title, names_of(results), facts)


def _times(
    panels: dict[str, list[Cell]],
    x: Callable[[Cell], float],
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
    set_log(grid.panels[0], "y", _format.seconds)
    grid.label(x_label, "time of one gradient")
    note = "Bars: 99 % interval. No point: the cell was skipped, failed, is wrong or is missing."
    return finish(grid.figure, grid.height, title, legend_of(names), facts, note)


def _draw_intervals(
    axes: Axes, cells: list[Cell], names: list[str], x: Callable[[Cell], float]
) -> None:
    """A bar from each finite bound to the value."""
    for cell in cells:
        low, high = (b if math.isfinite(b) else cell.value for b in (cell.low, cell.high))
        if cell.state == "ok" and low > 0:
            axes.vlines(x(cell), low, high, colors=look_of(names, cell.implementation)["color"])
