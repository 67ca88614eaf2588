"""Each bar is a cell's time on B over that on A, with its interval: right of the band is slower."""

from __future__ import annotations

import math
from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator, NullLocator

from scripts._common import units
from scripts._common.records import Facts
from scripts._compare.comparison import FASTER, NO_CHANGE, SLOWER, Comparison, Verdict
from scripts._figures._style import COLOURS, GREY, finish, set_log

_MOST_ROWS = 40
_COLOURS = {SLOWER: COLOURS[1], FASTER: COLOURS[0], NO_CHANGE: GREY}
_WIDE = 4.0
_LEAST_SPAN = 1.05  # the axis shows at least this ratio and its inverse


def draw(comparison: Comparison, facts: Facts) -> Figure | None:
    """A row per compared cell, the slowest on top; at most 40, those that differ most."""
    judged = [v for v in comparison.verdicts if v.pair.is_judged and v.word in _COLOURS]
    if not judged:
        return None
    rows = sorted(judged, key=lambda v: (v.word == NO_CHANGE, -abs(math.log(v.ratio.value))))
    rows = sorted(rows[:_MOST_ROWS], key=lambda v: v.ratio.value)
    figure = Figure(layout="constrained")
    axes = figure.subplots()
    _draw(axes, rows)
    axes.set_xlabel(comparison.quantity)
    left = len(judged) - len(rows)
    note = (
        "Lines: intervals, corrected for the number of comparisons. Grey: the band in which equal "
        "kernels lie on the same data. A change is called where the line is outside of it."
        f"{f' {left} cells that differ less are not drawn.' if left else ''}"
    )
    return finish(figure, 0.9 + 0.2 * len(rows), comparison.title, _legend(rows), facts, note)


def _draw(axes: Axes, rows: Sequence[Verdict]) -> None:
    axes.axvline(1, color=GREY, linewidth=0.8, zorder=1)
    for y, verdict in enumerate(rows):
        ratio, edge, colour = verdict.ratio, 1 + verdict.pair.band, _COLOURS[verdict.word]
        axes.fill_betweenx([y - 0.5, y + 0.5], 1 / edge, edge, color="#dddddd", linewidth=0)
        axes.plot([ratio.low, ratio.high], [y, y], color=colour, linewidth=1.5)
        axes.plot(ratio.value, y, color=colour, marker="o")
    axes.set_yticks(range(len(rows)), [f"{v.name} {v.pair.data}" for v in rows])
    axes.set_ylim(-0.7, len(rows) - 0.3)
    axes.grid(False, axis="y")
    low = min([1 / _LEAST_SPAN, *(min(v.ratio.low, 1 / (1 + v.pair.band)) for v in rows)])
    high = max([_LEAST_SPAN, *(max(v.ratio.high, 1 + v.pair.band) for v in rows)])
    axes.set_xlim(low / 1.01, high * 1.01)
    set_log(axes, "x", units.ratio)
    if high < _WIDE * low:  # a logarithmic locator would find one round number, or none
        axes.xaxis.set_major_locator(MaxNLocator(8))
        axes.xaxis.set_minor_locator(NullLocator())


def _legend(rows: Sequence[Verdict]) -> list[Line2D | Patch]:
    words = {verdict.word for verdict in rows}
    lines: list[Line2D | Patch] = [
        Line2D([], [], color=colour, marker="o", label=word)
        for word, colour in _COLOURS.items()
        if word in words
    ]
    return [*lines, Patch(color="#dddddd", label="equal kernels")]
