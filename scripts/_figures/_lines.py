"""Line plots of many implementations: a few in colour and with labels, the rest in grey."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from scripts._common.baseline import baseline_of
from scripts._common.families import FAMILIES, LIBRARY, LOOP, ONE_PASS
from scripts._common.fastest import EXACT, SINGLE, times_with_errors, within
from scripts._common.metrics import BASELINE
from scripts._figures._data import Point, by_place, cells_of, families_of
from scripts._figures._style import key, look_of

GREY_LINE: dict[str, Any] = {"color": "#bcbcbc", "linewidth": 0.7, "marker": ".", "markersize": 4}
_LABEL_SIZE = 7.5
_LABEL_WIDTH = 20  # letters per line
_BASELINES = {BASELINE: "NumPy's two products, the baseline"}
_MOST_NAMES = 40  # in a note
_LEAST_GAP = 0.075  # between lines of labels, as a fraction of the height of the axes


@dataclass(frozen=True)
class Chosen:
    """Names that are drawn in colour, with the reason for each, and the families of all names."""

    reasons: Mapping[str, str]
    families: Mapping[str, str]

    @property
    def rest(self) -> list[str]:
        """Names that are drawn in grey."""
        return [name for name in self.families if name not in self.reasons]

    @property
    def legend(self) -> list[Line2D]:
        """An entry for each name in colour, and one for the rest."""
        keys = [key(f"{name}: {why}", self.look(name)) for name, why in self.reasons.items()]
        return [*keys, key("others, named below", GREY_LINE)] if self.rest else keys

    @property
    def note(self) -> str:
        """The names in grey."""
        more = f" and {len(self.rest) - _MOST_NAMES} more" if len(self.rest) > _MOST_NAMES else ""
        return f"Grey: {', '.join(self.rest[:_MOST_NAMES])}{more}." if self.rest else ""

    def look(self, name: str) -> dict[str, Any]:
        """Colour, marker and dashes of a name."""
        return look_of(name, self.families[name]) if name in self.reasons else GREY_LINE


def choose(results: pd.DataFrame) -> Chosen:
    """Choose names for colours: see `pick`; the ``highlighted`` column holds the user's choice."""
    if results.empty:
        return Chosen({}, {})
    cells, baseline = cells_of(results, "time"), baseline_of(results)
    timed = {cell.implementation for cell in cells if cell.state == "ok"}
    families = {name: f for name, f in families_of(results).items() if name in timed}
    speed_ups = _speed_ups(by_place(cells), baseline)
    times = times_with_errors(results)
    exact, single = (set(within(times, each)["implementation"]) for each in (EXACT, SINGLE))
    wanted = results["implementation"][results["highlighted"]] if "highlighted" in results else ()
    asked = timed & set(wanted)
    chosen = pick(families, speed_ups, exact, asked, baseline=baseline)
    halves = pick(families, speed_ups, single, dtype="float32", baseline=baseline).reasons
    fastest = {name: why for name, why in halves.items() if why == "fastest exact to float32"}
    new = {name: why for name, why in fastest.items() if name not in chosen.reasons}
    return Chosen({**chosen.reasons, **new}, families)


def pick(
    families: Mapping[str, str],
    speed_ups: Mapping[str, Sequence[float]],
    exact: Iterable[str],
    asked: Iterable[str] = (),
    dtype: str = "float64",
    baseline: str = BASELINE,
) -> Chosen:
    """Fastest exact name, baseline, fastest library, slowest loop, and the names in `asked`.

    Parameters
    ----------
    families : Mapping[str, str]
        Family of each name.
    speed_ups : Mapping[str, Sequence[float]]
        Speed-ups of each name, at the sizes where it has one.
    exact : iterable of str
        Names that are exact to `dtype`.
    asked : iterable of str
        Names that the user chose.
    dtype, baseline : str
        Precision and baseline that the reasons name.
    """
    exact = set(exact)
    # Names with most sizes come first, because a mean over a few easy sizes says nothing.
    scores = {n: (len(v), fmean(map(math.log, v))) for n, v in speed_ups.items() if v}
    ranking = sorted(scores, key=lambda name: scores[name], reverse=True)
    exact_of = {f: [n for n in ranking if n in exact and families[n] == f] for f in FAMILIES}
    loops = sorted((n for n in ranking if families[n] == LOOP), key=lambda n: scores[n][1])
    candidates: dict[str, list[str]] = {
        f"fastest exact to {dtype}": [name for name in ranking if name in exact],
        _BASELINES.get(baseline, "the baseline"): [baseline] if baseline in families else [],
        f"fastest library exact to {dtype}": exact_of[LIBRARY],
        f"fastest single pass exact to {dtype}": exact_of[ONE_PASS],
        "slowest loop": loops,
    }
    reasons: dict[str, str] = {}
    for reason, names in candidates.items():
        for name in names[:1]:
            reasons.setdefault(name, reason)
    for name in sorted(set(asked)):
        reasons.setdefault(name, "as asked for")
    return Chosen(reasons, families)


def _speed_ups(cells: Mapping[Any, Point], baseline: str) -> dict[str, list[float]]:
    """Speed-ups of each name at sizes with both times; 1 / time if there is no baseline."""
    found: dict[str, list[float]] = {}
    measured = any(name == baseline for name, _ in cells)
    for (name, size), cell in cells.items():
        seconds = cells[baseline, size].value if (baseline, size) in cells else math.nan
        value = (seconds if measured else 1.0) / cell.value
        if math.isfinite(value):
            found.setdefault(name, []).append(value)
    return found


def draw_lines(
    axes: Axes,
    cells: Sequence[Point],
    chosen: Chosen,
    x: Callable[[Point], float],
    y: Callable[[Point], float],
) -> None:
    """Draw a line per name, broken where a value is absent; lines in colour are on top."""
    of_each: dict[str, list[Point]] = {}
    for cell in sorted(cells, key=x):
        of_each.setdefault(cell.implementation, []).append(cell)
    for name in [*chosen.rest, *chosen.reasons]:
        own = of_each.get(name, [])
        order = 3 if name in chosen.reasons else 2
        look = chosen.look(name)
        axes.plot([x(c) for c in own], [y(c) for c in own], label=name, zorder=order, **look)


def label_ends(axes: Axes, chosen: Chosen) -> None:
    """Write each name in colour beside the end of its line; the axes must have their limits."""
    ends = {}
    for line in axes.lines:
        name = str(line.get_label())
        data = np.column_stack(line.get_data())
        points = data[np.isfinite(data).all(axis=1)]
        if name in chosen.reasons and len(points):
            ends[name] = tuple(points[-1])
    to_axes = (axes.transData + axes.transAxes.inverted()).transform
    texts = {name: wrap_name(name) for name in ends}
    heights = {name: float(to_axes(end)[1]) for name, end in ends.items()}
    for name, height in _spread(heights, {n: t.count("\n") + 1 for n, t in texts.items()}).items():
        colour = chosen.look(name)["color"]
        axes.annotate(
            texts[name],
            ends[name],
            xytext=(1.04, height),
            textcoords="axes fraction",
            color=colour,
            fontsize=_LABEL_SIZE,
            va="center",
            linespacing=0.95,
            arrowprops={"arrowstyle": "-", "color": colour, "linewidth": 0.5, "shrinkB": 3},
        )


def wrap_name(name: str, width: int = _LABEL_WIDTH) -> str:
    """A name broken into lines after underscores."""
    lines = [""]
    for part in name.replace("_", "_\n").split("\n"):
        lines[-1:] = [lines[-1] + part] if len(lines[-1] + part) <= width else [lines[-1], part]
    return "\n".join(filter(None, lines))


def _spread(heights: Mapping[str, float], n_lines: Mapping[str, int]) -> dict[str, float]:
    """Heights in the same order, moved apart where labels would overlap."""
    found: dict[str, float] = {}
    below, size_below = -math.inf, 0
    for name in sorted(heights, key=lambda each: heights[each]):
        gap = _LEAST_GAP * (size_below + n_lines[name]) / 2
        below, size_below = max(heights[name], below + gap), n_lines[name]
        found[name] = below
    excess = max(0.0, max(found.values(), default=0.0) - 1)
    return {name: height - excess for name, height in found.items()}
