"""Each mark is a contender's speed-up over the baseline at one size: above 1x, it is faster."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from benchmarks._session.statistics import Estimate
from scripts._common import units
from scripts._common.families import family_of
from scripts._common.metrics import BASELINE
from scripts._common.records import Facts
from scripts._figures._lines import Chosen, pick
from scripts._figures._style import (
    GREY,
    finish,
    make_grid,
    set_log,
    size_text,
)
from scripts._race.result import DTYPES, Race, Result

_SPREAD = 0.8  # width of a size's marks, as a fraction of its column


def draw(race: Race, facts: Facts) -> Figure | None:
    """A panel per precision, a column per size, and in it a mark with interval per contender."""
    results = sorted(filter(_is_raced, race.results), key=lambda r: r.x_bytes)
    widths = [w for w in DTYPES if any(set(r.comparable(w)) - {BASELINE} for r in results)]
    if not widths:
        return None
    chosen = _choose(results, widths)
    grid = make_grid(len(widths), most_columns=1)
    for axes, width in zip(grid.panels, widths, strict=True):
        axes.set_title(DTYPES[width])
        _draw(axes, results, width, chosen)
    set_log(grid.panels[0], "y", units.ratio)
    grid.label("n_samples × n_features", f"speed-up over {BASELINE}")
    note = (
        "Marks: median of the rounds' ratios, with its 95 % interval; above 1x is faster. Grey "
        "bar: the speed-up of reading X once at the read roof. Every panel compares with the "
        f"float64 {BASELINE}. {chosen.note}"
    )
    height = grid.height + (0.4 if _many(results) else 0)
    legend = [_without_line(handle) for handle in chosen.legend]
    return finish(grid.figure, height, race.title, legend, facts, note)


def _is_raced(result: Result) -> bool:
    return BASELINE in result.measured.timed


def _family(info: dict[str, Any]) -> str:
    return family_of(info)


def _choose(results: Sequence[Result], widths: Sequence[int]) -> Chosen:
    """Choose in each precision as other figures do, without the baseline, which is 1 everywhere."""
    families = {n: _family(r.measured.infos[n]) for r in results for n in r.ranking()}
    reasons: dict[str, str] = {}
    for width in widths:
        speed_ups = _speed_ups(results, width)
        own = {name: families[name] for name in speed_ups}
        chosen = pick(own, speed_ups, own, dtype=DTYPES[width])
        reasons |= {n: why for n, why in chosen.reasons.items() if n not in reasons}
    kept = {name: why for name, why in reasons.items() if name != BASELINE}
    return Chosen(kept, {n: f for n, f in sorted(families.items()) if n != BASELINE})


def _speed_ups(results: Sequence[Result], width: int) -> dict[str, list[float]]:
    """Speed-ups of each contender in a precision, at the sizes where it was raced."""
    found: dict[str, list[float]] = {}
    for result in results:
        for name in result.comparable(width):
            found.setdefault(name, []).append(result.measured.speed_up(name).value)
    return found


def _without_line(handle: Line2D) -> Line2D:
    handle.set_linestyle("")
    return handle


def _draw(axes: Axes, results: Sequence[Result], width: int, chosen: Chosen) -> None:
    """Draw marks side by side; a name has the same place at every size."""
    axes.axhline(1, color=GREY, linewidth=1, zorder=1)
    names = [*chosen.reasons, *chosen.rest]
    drawn = [name for name in names if any(name in r.comparable(width) for r in results)]
    for column, result in enumerate(results):
        if column:
            axes.axvline(column - 0.5, color="#cccccc", linewidth=0.7, zorder=1)
        limit = result.measured.roof_speed_up(width).value
        if math.isfinite(limit):
            ends = [column - 0.5, column + 0.5]
            axes.plot(ends, [limit, limit], color=GREY, linewidth=2, alpha=0.6, zorder=1)
        for name in set(result.comparable(width)) & set(drawn):
            place = (drawn.index(name) + 0.5) / len(drawn) - 0.5
            each = result.measured.speed_up(name)
            if math.isfinite(each.value):
                _mark(axes, column + _SPREAD * place, each, chosen.look(name))
    texts = [size_text(r.measured.shape) for r in results]
    axes.set_xticks(range(len(texts)), texts, rotation=90 if _many(results) else 0)
    axes.set_xlim(-0.5, len(texts) - 0.5)
    axes.grid(False, axis="x")


def _mark(axes: Axes, x: float, each: Estimate, look: dict[str, Any]) -> None:
    axes.plot([x, x], [each.low, each.high], color=look["color"], linewidth=1)
    axes.plot(x, each.value, **(look | {"linestyle": ""}))


def _many(results: Sequence[Result]) -> bool:
    return len(results) > 7
