"""Figure of a race: the speed-up of every contender over the baseline, by size."""

from __future__ import annotations

import math
from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from scripts._common import units
from scripts._common.metrics import BASELINE
from scripts._common.records import Facts
from scripts._figures._style import (
    GREY,
    finish,
    legend_of,
    look_of,
    make_grid,
    set_log,
    size_text,
)
from scripts._race.result import DTYPES, Race, Result

_SPREAD = 0.8  # of the room between two sizes


def draw(race: Race, facts: Facts) -> Figure | None:
    """A panel per precision, a column per size, in it a mark with its interval per contender."""
    results = sorted((r for r in race.results if BASELINE in r.seconds), key=lambda r: r.x_bytes)
    names = sorted({name for r in results for name in r.seconds if name != BASELINE})
    widths = [w for w in DTYPES if any(set(r.comparable(w)) - {BASELINE} for r in results)]
    if not widths:
        return None
    grid = make_grid(len(widths), most_columns=1)
    for axes, width in zip(grid.panels, widths, strict=True):
        axes.set_title(DTYPES[width])
        _draw(axes, results, width, names)
    set_log(grid.panels[0], "y", units.ratio)
    grid.label("n_samples × n_features", f"speed-up over {BASELINE}")
    note = (
        "Medians of the rounds' ratios, with their 95 % intervals; above 1x: faster. Grey bar: X "
        f"read once at the roof. {BASELINE} is the float64 one in every panel."
    )
    height = grid.height + (0.4 if _many(results) else 0)
    return finish(grid.figure, height, race.title, legend_of(names, lines=False), facts, note)


def _draw(axes: Axes, results: Sequence[Result], width: int, names: list[str]) -> None:
    """Marks side by side, in the order of the names that the panel has."""
    axes.axhline(1, color=GREY, linewidth=1, zorder=1)
    drawn = [name for name in names if any(name in r.comparable(width) for r in results)]
    for column, result in enumerate(results):
        if column:
            axes.axvline(column - 0.5, color="#cccccc", linewidth=0.7, zorder=1)
        limit = result.roof_speed_up(width).value
        if math.isfinite(limit):
            ends = [column - 0.5, column + 0.5]
            axes.plot(ends, [limit, limit], color=GREY, linewidth=2, alpha=0.6, zorder=1)
        for name in set(result.comparable(width)) & set(drawn):
            place = (drawn.index(name) + 0.5) / len(drawn) - 0.5
            each = result.speed_up(name)
            if math.isfinite(each.value):
                _mark(
                    axes, column + _SPREAD * place, (each.low, each.value, each.high), names, name
                )
    texts = [size_text((r.n_samples, r.n_features)) for r in results]
    axes.set_xticks(range(len(texts)), texts, rotation=90 if _many(results) else 0)
    axes.set_xlim(-0.5, len(texts) - 0.5)
    axes.grid(False, axis="x")


def _mark(
    axes: Axes, x: float, values: tuple[float, float, float], names: list[str], name: str
) -> None:
    look = look_of(names, name) | {"linestyle": ""}
    axes.plot([x, x], [values[0], values[2]], color=look["color"], linewidth=1)
    axes.plot(x, values[1], **look)


def _many(results: Sequence[Result]) -> bool:
    return len(results) > 7
