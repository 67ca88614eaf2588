"""What speed costs in accuracy: error against time, for up to three sizes."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

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
    families_of,
    sizes_of,
    spread,
    state_of,
)
from scripts._figures._style import (
    GREY,
    SMALL,
    family_legend,
    finish,
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
    families = families_of(results)
    grid = make_grid(len(sizes))
    for axes, size in zip(grid.panels, sizes, strict=True):
        axes.set_title(size_text(size))
        for name, family in families.items():
            _draw_error(axes, (name, size), times, errors, family)
    _set_error_axes(grid.panels, [c.value for c in errors.values() if c.size in sizes])
    for axes, size in zip(grid.panels, sizes, strict=True):
        _label_best(axes, size, times, errors)
    grid.label("time of one gradient", "error / sum of absolute terms")
    title = title_of("Error against time, for n_samples × n_features", results)
    absent = " ".join(_absent(families, size, times, errors) for size in sizes)
    note = (
        "Lower left is better. Named: those that none is both faster and more exact than. Error 0 "
        f"stands below the logarithmic scale. {absent}"
    )
    legend = family_legend(families.values(), lines=False)
    return finish(grid.figure, grid.height, title, legend, facts, note)


def _draw_error(axes: Axes, place: Place, times: ByPlace, errors: ByPlace, family: str) -> None:
    if state_of(place, times, errors) == "ok":
        look = look_of(place[0], family) | {"linestyle": ""}
        axes.plot(times[place].value, errors[place].value, markersize=6, **look)


def _label_best(axes: Axes, size: Size, times: ByPlace, errors: ByPlace) -> None:
    """Name the points of the front, which none beats in both."""
    points = [
        (times[place].value, errors[place].value, place[0])
        for place in times
        if place[1] == size and state_of(place, times, errors) == "ok"
    ]
    least = math.inf
    for seconds, error, name in sorted(points):
        if error < least:
            least = error
            look: dict[str, Any] = {"textcoords": "offset points", "fontsize": 7, "va": "center"}
            axes.annotate(name, (seconds, error), xytext=(5, -6), **look)


def _set_error_axes(panels: list[Axes], errors: list[float]) -> None:
    set_log(panels[0], "x", units.seconds, most_ticks=4)
    for axes in panels:
        for _, half_eps in _ROUNDING:
            axes.axhline(half_eps, color=GREY, linewidth=0.8, linestyle=":", zorder=1)
    set_log_from_zero(panels[0], "y", [*errors, *dict(_ROUNDING).values()], units.error)
    for name, half_eps in _ROUNDING:
        look = SMALL | {"transform": panels[-1].get_yaxis_transform(), "va": "center"}
        panels[-1].text(1.02, half_eps, f"{name}\neps/2", **look)


def _absent(names: Iterable[str], size: Size, *tables: ByPlace) -> str:
    """Names without a point, and why."""
    states = {name: state_of((name, size), *tables) for name in names}
    absent = [f"{name} {state}" for name, state in states.items() if state != "ok"]
    return f"No point at {size_text(size)}: {', '.join(absent)}." if absent else ""
