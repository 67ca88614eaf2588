"""Effective bandwidth against the working set, with the read roof and the caches."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import median

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from scripts._common import units
from scripts._common.records import Facts
from scripts._figures._data import Point, cells_of, group, names_of
from scripts._figures._style import (
    GREY,
    SMALL,
    draw_series,
    finish,
    legend_of,
    make_grid,
    set_log,
    title_of,
)

_ROOF = "#bbbbbb"


def draw(results: pd.DataFrame, facts: Facts) -> Figure | None:
    """Effective bandwidth against the working set, with the read roof and the caches."""
    cells, names = cells_of(results, "time"), names_of(results)
    roof = _roof(cells_of(results, "read_roof"))
    panels = group(cells, lambda c: c.size[1])
    if not panels:
        return None
    grid = make_grid(len(panels))
    for axes, (n_features, own) in zip(grid.panels, panels, strict=True):
        axes.set_title(f"n_features = {n_features:,}")
        _draw_caches(axes, facts.cache_bytes)
        axes.plot(*roof, color=_ROOF, linewidth=5, solid_capstyle="round", zorder=1)
        draw_series(axes, own, names, lambda c: c.working_set, _effective_bandwidth)
    set_log(grid.panels[0], "x", units.n_bytes, most_ticks=4)
    set_log(grid.panels[0], "y", units.gigabytes_per_second)
    grid.label("working set", "effective bandwidth")
    handles = [*legend_of(names), Line2D([], [], color=_ROOF, linewidth=5, label="read roof")]
    title = title_of("Effective bandwidth against the working set", results)
    return finish(grid.figure, grid.height, title, handles, facts, _cache_note(facts.cache_bytes))


def _effective_bandwidth(cell: Point) -> float:
    return cell.working_set / cell.value / 1e9


def _roof(cells: list[Point]) -> tuple[list[float], list[float]]:
    """Working sets and the median read roof of each."""
    roofs: dict[float, list[float]] = {}
    for cell in cells:
        if cell.state == "ok":
            roofs.setdefault(cell.working_set, []).append(cell.value)
    return sorted(roofs), [median(roofs[n_bytes]) for n_bytes in sorted(roofs)]


def _draw_caches(axes: Axes, cache_bytes: Mapping[int, int]) -> None:
    for level, size in cache_bytes.items():
        axes.axvline(size, color=GREY, linewidth=0.8, linestyle=":", zorder=1)
        look = SMALL | {"transform": axes.get_xaxis_transform(), "ha": "right"}
        axes.text(size, 0.01, f"L{level} ", **look)


def _cache_note(cache_bytes: Mapping[int, int]) -> str:
    sizes = ", ".join(f"L{level} {units.n_bytes(b)}" for level, b in cache_bytes.items())
    return (
        "Bandwidth: the least bytes that must move, over time. Roof: median of a pure read of X. "
        f"Dotted: caches that a core sees, {sizes}."
    )
