"""Each cell names the fastest implementation at a size, its speed-up, and its lead on the next."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import product
from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle

from scripts._common import units
from scripts._common.baseline import baseline_of, explain
from scripts._common.families import FAMILIES
from scripts._common.fastest import EXACT, SINGLE, UNCERTAIN, Winner, less_exact, winners
from scripts._common.metrics import BASELINE
from scripts._common.records import Facts
from scripts._figures._data import spread
from scripts._figures._lines import wrap_name
from scripts._figures._style import family_colour, finish, make_grid, mixed, title_of

_PANELS = {EXACT: "exact to float64", SINGLE: "exact to float32"}
_BASELINES = {BASELINE: f"{BASELINE} (NumPy's two products, in float64)"}
_MOST = {"n_samples": 15, "n_features": 6}  # rows and columns of a map
_COLUMNS_WIDTH = 560.0  # points, for the columns of both panels together
_ROW_HEIGHT = 0.66  # inches
# Share of white in a family's colour; the shares differ, so that cells differ in print too.
_PALE = dict(zip(FAMILIES, (0.5, 0.7, 0.8, 0.6, 0.9), strict=True))
_NAME_SIZE, _GAIN_SIZE, _LEAD_SIZE, _LEAST_SIZE = 8.5, 10.5, 6.5, 5.5  # points
_LETTER = 0.67  # width of a bold letter, as a fraction of its size
_LINES_HEIGHT = 17.0  # points, for all lines of a text together


def draw(results: pd.DataFrame, facts: Facts) -> Figure | None:
    """A map of n_samples by n_features per tolerance; each cell names the fastest."""
    drawn = results[results["dataset"] == ""] if len(results) else results
    baseline = baseline_of(results)
    found = {tolerance: winners(drawn, tolerance) for tolerance in _PANELS}
    if not any(found.values()):
        return None
    samples, features = (
        spread(sorted({int(getattr(w.row, key)) for each in found.values() for w in each}), most)
        for key, most in _MOST.items()
    )
    grid = make_grid(len(found))
    for axes, (tolerance, own) in zip(grid.panels, found.items(), strict=True):
        axes.set_title(f"{_PANELS[tolerance]} (error up to {tolerance:.0e})")
        _draw_map(axes, own, samples, features, baseline)
    grid.label("n_features", "n_samples")
    families = {winner.row.family for own in found.values() for winner in own}
    handles = [Patch(color=_pale(f), label=f) for f in FAMILIES if f in families]
    title = title_of(f"The fastest at each size, and its speed-up over {baseline}", results)
    height = 0.75 + _ROW_HEIGHT * len(samples)
    return finish(grid.figure, height, title, handles, facts, _note(drawn))


def _draw_map(
    axes: Axes,
    own: Sequence[Winner],
    samples: Sequence[int],
    features: Sequence[int],
    baseline: str,
) -> None:
    width = _COLUMNS_WIDTH / len(_PANELS) / len(features)
    places = set(product(samples, features))
    for winner in own:
        if (winner.row.n_samples, winner.row.n_features) not in places:
            continue
        corner = features.index(winner.row.n_features), samples.index(winner.row.n_samples)
        colour = _pale(winner.row.family)
        axes.add_patch(Rectangle(corner, 1, 1, facecolor=colour, edgecolor="white", linewidth=2))
        _write(axes, corner, winner, width, baseline)
    axes.grid(False)
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)
    axes.set(xlim=(0, len(features)), ylim=(0, len(samples)))
    axes.set_xticks([x + 0.5 for x in range(len(features))], [f"{d:,}" for d in features])
    axes.set_yticks([y + 0.5 for y in range(len(samples))], [f"{n:,}" for n in samples])


def _write(
    axes: Axes, corner: tuple[int, int], winner: Winner, width: float, baseline: str
) -> None:
    """The name, the speed-up over the baseline, and the lead over the next."""
    name = winner.row.implementation
    gain = units.ratio(winner.speed_up, 2) if math.isfinite(winner.speed_up) else ""
    gain = gain if winner.is_certain else f"≈ {gain}"
    lead = _lead(winner)
    if lead and _fit(lead, _LEAD_SIZE, width) < _LEAST_SIZE:
        lead = lead.replace(" ", "\n").replace("\nover", " over")
    lines = [
        (0.78, wrap_name(name, 15), _NAME_SIZE, "bold"),
        (0.48, "" if name == baseline else gain, _GAIN_SIZE, "normal"),
        (0.2, lead, _LEAD_SIZE, "normal"),
    ]
    for height, text, size, weight in lines:
        look: dict[str, Any] = {"ha": "center", "va": "center", "linespacing": 0.9}
        place = corner[0] + 0.5, corner[1] + height
        axes.text(*place, text, fontsize=_fit(text, size, width), fontweight=weight, **look)


def _lead(winner: Winner) -> str:
    """``1.3x over sklearn``, or ``as fast as sklearn`` if the lead rounds to 1.0x."""
    if winner.next is None:
        return ""
    lead = units.ratio(winner.lead, 2)
    name = winner.next.implementation
    return f"as fast as {name}" if lead == "1.0x" else f"{lead} over {name}"


def _fit(text: str, size: float, width: float) -> float:
    """The font size, reduced if the text would not fit `width` points or its row."""
    lines = text.split("\n")
    longest = max(1, *map(len, lines))
    return min(size, width / (_LETTER * longest), _LINES_HEIGHT / len(lines))


def _pale(family: str) -> str:
    return mixed(family_colour(family), "white", _PALE[family])


def _note(results: pd.DataFrame) -> str:
    """How to read a cell, and the implementations that are faster but less exact."""
    rough, name = less_exact(results), baseline_of(results)
    beyond = f" Faster somewhere, but less exact than both: {', '.join(rough)}." if rough else ""
    return (
        f"Each cell: the fastest implementation, its speed-up over {_BASELINES.get(name, name)}, "
        "and its lead over the next. ≈: speed-up uncertain by more than "
        f"{UNCERTAIN:.0%}. Errors are relative to the sum of the absolute terms.{beyond} "
        f"{explain(results)}"
    )
