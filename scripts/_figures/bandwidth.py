"""Lines show effective bandwidth by working set: the nearer to the grey read roof, the better."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from scripts._common import units
from scripts._common.records import Facts
from scripts._figures._data import Point, cells_of, group, roofs_of, with_a_course
from scripts._figures._lines import Chosen, choose, draw_lines, label_ends
from scripts._figures._style import GREY, SMALL, finish, make_grid, set_log, title_of

_ROOF = "#bbbbbb"
_REACH = 100.0  # ratio of the axis's ends, unless the first line in colour is lower


def draw(results: pd.DataFrame, facts: Facts) -> Figure | None:
    """Effective bandwidth against the float64 working set, with the read roof and the caches."""
    cells, chosen = cells_of(results, "time"), choose(results)
    roofs = cells_of(results, "read_roof")
    panels = with_a_course(group(cells, lambda c: c.size[1]))
    if not panels:
        return None
    grid = make_grid(len(panels), most_columns=2)
    for axes, (n_features, own) in zip(grid.panels, panels, strict=True):
        axes.set_title(f"n_features = {n_features:,}")
        _draw_caches(axes, facts.cache_bytes)
        _draw_roof(axes, [cell for cell in roofs if cell.size[1] == n_features])
        draw_lines(axes, own, chosen, lambda c: c.working_set, _effective_bandwidth)
    set_log(grid.panels[0], "x", units.n_bytes, most_ticks=5)
    hidden = _set_bandwidths(grid.panels[0], cells, chosen)
    for axes in grid.panels:
        label_ends(axes, chosen)
    grid.label("working set in float64", "effective bandwidth")
    keys = [key for key in chosen.legend if str(key.get_label()).partition(":")[0] not in hidden]
    roof = Line2D([], [], color=_ROOF, linewidth=5, label="read roof")
    title = title_of("Effective bandwidth against the working set", results)
    note = _note(facts.cache_bytes, hidden, chosen)
    return finish(grid.figure, grid.height, title, [*keys, roof], facts, note)


def _effective_bandwidth(cell: Point) -> float:
    return cell.compulsory_bytes / cell.value / 1e9


def _draw_roof(axes: Axes, cells: Sequence[Point]) -> None:
    """A line through the roofs of all sizes; a dash if there is one size."""
    roofs = roofs_of(cells)
    sets = {cell.size: cell.working_set for cell in cells}
    look: dict[str, Any] = {"color": _ROOF, "linewidth": 5, "solid_capstyle": "round", "zorder": 1}
    x, y = [sets[size] for size in roofs], list(roofs.values())
    ends = (x[0] / 1.5, x[0] * 1.5) if len(x) == 1 else x
    axes.plot(ends, y * 2 if len(x) == 1 else y, **look)


def _set_bandwidths(axes: Axes, cells: Sequence[Point], chosen: Chosen) -> list[str]:
    """Cut the axis below the range of interest; return the names that are always below it."""
    values: dict[str, list[float]] = {}
    for cell in cells:
        if cell.state == "ok":
            values.setdefault(cell.implementation, []).append(_effective_bandwidth(cell))
    set_log(axes, "y", units.gigabytes_per_second)
    low, high = axes.get_ylim()
    best = next((min(values[name]) for name in chosen.reasons if name in values), low)
    low = max(low, min(high / _REACH, best / 1.5))
    axes.set_ylim(low, high)
    set_log(axes, "y", units.gigabytes_per_second)
    return [name for name, own in values.items() if max(own) < low]


def _draw_caches(axes: Axes, cache_bytes: Mapping[int, int]) -> None:
    for level, size in cache_bytes.items():
        axes.axvline(size, color=GREY, linewidth=0.8, linestyle=":", zorder=1)
        look = SMALL | {"transform": axes.get_xaxis_transform(), "ha": "right", "clip_on": True}
        axes.text(size, 0.01, f"L{level} ", **look)


def _note(cache_bytes: Mapping[int, int], hidden: Sequence[str], chosen: Chosen) -> str:
    sizes = ", ".join(f"L{level} {units.n_bytes(b)}" for level, b in cache_bytes.items())
    below = f" Below the axis: {', '.join(hidden)}." if hidden else ""
    return (
        "Effective bandwidth: compulsory bytes / time. Read roof: median bandwidth of a pure read "
        f"of X, at sizes where it was measured. Dotted: caches of a core, {sizes}.{below} "
        f"{chosen.note}"
    )
