"""Error against time."""

from __future__ import annotations

import textwrap

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

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
    GREY,
    SMALL,
    finish,
    legend_of,
    look_of,
    make_grid,
    set_log,
    set_log_from_zero,
    size_text,
    title_of,
)

_ROUNDING = (("float64", 2.0**-53), ("float32", 2.0**-24))  # half of eps


def draw(results: pd.DataFrame, facts: Facts) -> Figure | None:
    """Error against time, a point per implementation, for up to three sizes."""
    times, errors = (by_place(cells_of(results, metric)) for metric in ("time", "error"))
    both = [c for place, c in times.items() if place in errors and errors[place].state == "ok"]
    sizes = spread(sizes_of(both), 3)
    if not sizes:
        return None
    names = names_of(results)
    grid = make_grid(len(sizes))
    for axes, size in zip(grid.panels, sizes, strict=True):
        axes.set_title(size_text(size))
        for name in names:
            _draw_error(axes, (name, size), times, errors, names)
    _set_error_axes(grid.panels, [c.value for c in errors.values() if c.size in sizes])
    grid.label("time of one gradient", "error / sum of absolute terms")
    for axes, size in zip(grid.panels, sizes, strict=True):
        axes.xaxis.label.set_text(axes.get_xlabel() + _absent(names, size, times, errors))
    title = title_of("Error against time, for n_samples × n_features", results)
    note = "Lower left is better. Error 0 stands below the logarithmic scale."
    return finish(grid.figure, grid.height, title, legend_of(names, lines=False), facts, note)


def _draw_error(
    axes: Axes, place: Place, times: ByPlace, errors: ByPlace, names: list[str]
) -> None:
    if state_of(place, times, errors) == "ok":
        look = look_of(names, place[0]) | {"linestyle": ""}
        axes.plot(times[place].value, errors[place].value, markersize=7, **look)


def _set_error_axes(panels: list[Axes], errors: list[float]) -> None:
    set_log(panels[0], "x", units.seconds, most_ticks=4)
    for axes in panels:
        for _, half_eps in _ROUNDING:
            axes.axhline(half_eps, color=GREY, linewidth=0.8, linestyle=":", zorder=1)
    set_log_from_zero(panels[0], "y", [*errors, *dict(_ROUNDING).values()], units.error)
    for name, half_eps in _ROUNDING:
        look = SMALL | {"transform": panels[-1].get_yaxis_transform(), "va": "center"}
        panels[-1].text(1.02, half_eps, f"{name}\neps/2", **look)


def _absent(names: list[str], size: Size, *tables: ByPlace) -> str:
    """Names without a point, and why."""
    states = {name: state_of((name, size), *tables) for name in names}
    absent = [f"{name} {state}" for name, state in states.items() if state != "ok"]
    return "\n" + textwrap.fill(f"no point: {', '.join(absent)}", 40) if absent else ""
