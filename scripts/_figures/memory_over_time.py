"""Each line is the memory of a process over time; shading marks the calls of the gradient."""

from __future__ import annotations

import math
from collections.abc import Sequence

from matplotlib.figure import Figure
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from scripts._common import units
from scripts._common.records import Facts, MemoryCurve
from scripts._figures._style import (
    COLOURS,
    finish,
    make_grid,
    size_text,
    ticks,
)

_CALLS = "#fdd9b5"


def draw(curves: Sequence[MemoryCurve], facts: Facts) -> Figure | None:
    """Memory of each process over time, a panel per curve, with the calls shaded."""
    if not curves:
        return None
    grid = make_grid(len(curves), most_columns=5)
    sizes = {(curve.n_samples, curve.n_features) for curve in curves}
    in_order = sorted(curves, key=lambda c: (c.implementation, c.n_samples, c.n_features))
    for axes, curve in zip(grid.panels, in_order, strict=True):
        axes.axvspan(*curve.call_seconds, color=_CALLS)
        axes.plot(curve.seconds, _curve_bytes(curve), color=COLOURS[0])
        axes.set_title(_curve_title(curve, show_size=len(sizes) > 1), fontsize=8)
    first = grid.panels[0]
    first.set_ylim(bottom=0)
    first.yaxis.set_major_formatter(ticks(units.n_bytes))
    first.xaxis.set_major_locator(MaxNLocator(4))
    grid.label("time since start (s)", "memory of the process")
    size = f", {size_text(*sizes)}" if len(sizes) == 1 else ""
    title = f"Memory over time ({curves[0].problem}{size})"
    handles = [Patch(color=_CALLS, label="the calls")]
    note = "Below each name: highest memory during the calls minus memory at their start."
    return finish(grid.figure, grid.height, title, handles, facts, note)


def _curve_bytes(curve: MemoryCurve) -> list[float]:
    return [mebibytes * 2**20 for mebibytes in curve.mebibytes]


def _curve_title(curve: MemoryCurve, show_size: bool) -> str:
    size = [size_text((curve.n_samples, curve.n_features))] if show_size else []
    added = _added_bytes(curve)
    # Calls may start and end between two samples of the memory.
    text = "not sampled" if math.isnan(added) else f"+{units.n_bytes(added)}"
    return "\n".join([curve.implementation, *size, text])


def _added_bytes(curve: MemoryCurve) -> float:
    """Highest memory during the calls minus memory at their start; NaN without a sample."""
    start, end = curve.call_seconds
    samples = list(zip(curve.seconds, _curve_bytes(curve), strict=True))
    before = [n_bytes for second, n_bytes in samples if second <= start] or [math.nan]
    during = [n_bytes for second, n_bytes in samples if start <= second <= end] or [math.nan]
    return max(during) - before[-1]
