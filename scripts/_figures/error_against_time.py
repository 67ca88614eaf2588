"""Each point is an implementation at one size: further left is faster, lower is more exact."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from scripts._common import units
from scripts._common.fastest import EXACT, SINGLE
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
    note = (
        f"Named: the fastest with an error of at most {EXACT:.0e}, of at most {SINGLE:.0e}, and "
        "above. Error 0 is drawn below the logarithmic scale. "
        f"{_absent(families, sizes, times, errors)}"
    )
    drawn = {cell.family for cell in both if cell.state == "ok" and cell.size in sizes}
    legend = family_legend(drawn, lines=False)
    return finish(grid.figure, grid.height, title, legend, facts, note)


def _draw_error(axes: Axes, place: Place, times: ByPlace, errors: ByPlace, family: str) -> None:
    if state_of(place, times, errors) == "ok":
        look = look_of(place[0], family) | {"linestyle": ""}
        axes.plot(times[place].value, errors[place].value, markersize=6, **look)


def _label_best(axes: Axes, size: Size, times: ByPlace, errors: ByPlace) -> None:
    """Name the fastest implementation of each precision."""
    points = sorted(
        (times[place].value, errors[place].value, place[0])
        for place in times
        if place[1] == size and state_of(place, times, errors) == "ok"
    )
    precisions = ((-math.inf, EXACT), (EXACT, SINGLE), (SINGLE, math.inf))
    for low, high in precisions:
        for seconds, error, name in [p for p in points if low < p[1] <= high][:1]:
            _annotate(axes, name, (seconds, error))


def _annotate(axes: Axes, name: str, point: tuple[float, float]) -> None:
    """Write a name above its point, towards the middle of the axes."""
    x, _ = (axes.transData + axes.transAxes.inverted()).transform(point)
    look: dict[str, Any] = {"textcoords": "offset points", "fontsize": 7, "va": "bottom"}
    axes.annotate(name, point, xytext=(0, 7), ha="left" if x < 0.5 else "right", **look)


def _set_error_axes(panels: list[Axes], errors: list[float]) -> None:
    set_log(panels[0], "x", units.seconds, most_ticks=4)
    for axes in panels:
        for _, half_eps in _ROUNDING:
            axes.axhline(half_eps, color=GREY, linewidth=0.8, linestyle=":", zorder=1)
    set_log_from_zero(panels[0], "y", [*errors, *dict(_ROUNDING).values()], units.error)
    for name, half_eps in _ROUNDING:
        look = SMALL | {"transform": panels[-1].get_yaxis_transform(), "va": "center"}
        panels[-1].text(1.02, half_eps, f"{name}\neps/2", **look)


def _absent(names: Iterable[str], sizes: Iterable[Size], *tables: ByPlace) -> str:
    """Names without a point and their states: first those without any, then size by size."""
    absent = {size: _absent_at(names, size, *tables) for size in sizes}
    first = next(iter(absent.values()))
    always = [text for text in first if all(text in own for own in absent.values())]
    parts = {"No point": always}
    parts |= {
        f"No point at {size_text(size)}": [text for text in own if text not in always]
        for size, own in absent.items()
    }
    return " ".join(f"{where}: {', '.join(own)}." for where, own in parts.items() if own)


def _absent_at(names: Iterable[str], size: Size, *tables: ByPlace) -> list[str]:
    states = {name: state_of((name, size), *tables) for name in names}
    return [f"{name} {state}" for name, state in states.items() if state != "ok"]
