"""A map of n_samples by n_features that names the fastest implementation in each cell."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import product
from typing import Any

from matplotlib.axes import Axes
from matplotlib.patches import Patch, Rectangle

from scripts._common import units
from scripts._common.families import FAMILIES
from scripts._common.fastest import Winner
from scripts._figures._data import spread
from scripts._figures._lines import wrap_name
from scripts._figures._style import family_colour, mixed

ROW_HEIGHT = 0.66  # inches
_MOST = {"n_samples": 15, "n_features": 6}  # rows and columns of a map
_COLUMNS_WIDTH = 560.0  # points, for the columns of all panels beside each other
# Share of white in a family's colour; the shares differ, so that cells differ in print too.
_PALE = dict(zip(FAMILIES, (0.5, 0.7, 0.8, 0.6, 0.8, 0.9), strict=True))
_NAME_SIZE, _GAIN_SIZE, _LEAD_SIZE, _LEAST_SIZE = 8.5, 10.5, 6.5, 5.5  # points
_LETTER = 0.67  # width of a bold letter, as a fraction of its size
_LINES_HEIGHT = 17.0  # points, for all lines of a text together


def axes_of(found: Iterable[Sequence[Winner]]) -> tuple[list[int], list[int]]:
    """The n_samples and n_features of maps of these winners; a few of them if there are many."""
    rows = [winner.row for own in found for winner in own]
    samples, features = (
        spread(sorted({int(getattr(row, key)) for row in rows}), most)
        for key, most in _MOST.items()
    )
    return samples, features


def key_of(found: Iterable[Sequence[Winner]]) -> list[Patch]:
    """What the colours of the cells stand for."""
    families = {winner.row.family for own in found for winner in own}
    return [Patch(color=_pale(f), label=f) for f in FAMILIES if f in families]


def draw_map(
    axes: Axes,
    own: Sequence[Winner],
    samples: Sequence[int],
    features: Sequence[int],
    baseline: str,
    n_panels: int,
) -> None:
    """Name the fastest in each cell of one of `n_panels` maps beside each other."""
    width = _COLUMNS_WIDTH / n_panels / len(features)
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
        lead = "\n".join(lead.rsplit(" ", 1))  # the name in a line of its own
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
    name = winner.next.implementation
    lead = units.ratio(winner.lead, 2)
    return f"as fast as {name}" if winner.is_even else f"{lead} over {name}"


def _fit(text: str, size: float, width: float) -> float:
    """The font size, reduced if the text would not fit `width` points or its row."""
    lines = text.split("\n")
    longest = max(1, *map(len, lines))
    return min(size, width / (_LETTER * longest), _LINES_HEIGHT / len(lines))


def _pale(family: str) -> str:
    return mixed(family_colour(family), "white", _PALE[family])
