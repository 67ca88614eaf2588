"""Parts of all figures: the look of a name, grids of panels, axes, legend and footer."""

from __future__ import annotations

import math
import textwrap
import zlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import matplotlib
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, LogLocator, NullLocator

from scripts._common import units
from scripts._common.families import BLOCKS, FAMILIES, LIBRARY, LOOP, NUMPY, ONE_PASS, OTHER
from scripts._common.records import Footed
from scripts._figures._data import Size

# Okabe and Ito's colours, with wine for the yellow that is too pale for a line.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "black", "#882255")
_MARKERS = "os^DvPX><"
_DASHES: tuple[Any, ...] = ("-", (0, (5, 1.5)), (0, (1.5, 1.2)), (0, (7, 1.5, 1.5, 1.5)))
# Colour, marker and dashes. A family can be told by any one of them, except that two are solid.
_FAMILY_LOOKS: dict[str, tuple[str, str, Any]] = {
    ONE_PASS: (COLOURS[0], "o", _DASHES[0]),
    NUMPY: (COLOURS[1], "s", _DASHES[1]),
    LIBRARY: (COLOURS[2], "^", _DASHES[3]),
    LOOP: (COLOURS[3], "D", _DASHES[2]),
    BLOCKS: (COLOURS[4], "P", _DASHES[1]),
    OTHER: ("#444444", "v", _DASHES[0]),
}
_SHADES = (0.75, 1.0, 1.25)  # a family's colour is darkened, unchanged or lightened
GREY = "#666666"
SMALL: dict[str, Any] = {"fontsize": 6.5, "color": GREY}
_WIDTH = 9.0  # inches, of 100 pixels in a README
_STYLE: dict[Any, Any] = {
    "font.size": 9,
    "axes.titlesize": 9,
    "axes.labelsize": 9,
    "legend.fontsize": 8,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "figure.titlesize": 11,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.titlelocation": "left",
    "grid.color": "#e4e4e4",
    "grid.linewidth": 0.7,
    "lines.linewidth": 1.3,
    "lines.markersize": 5,
    "hatch.linewidth": 0.6,
    "legend.frameon": False,
    "svg.hashsalt": "gradmark",
    "text.parse_math": False,  # a name or a reason may hold a dollar sign
}


@contextmanager
def styled() -> Iterator[None]:
    """Set the project's style, independent of the user's matplotlibrc; restore it at the end."""
    with matplotlib.rc_context():
        matplotlib.rcdefaults()
        matplotlib.rcParams.update(_STYLE)
        yield


def title_of(text: str, results: pd.DataFrame) -> str:
    """The text, followed by the problem and the number of threads of the rows."""
    problem, threads = results[["problem", "threads"]].iloc[0] if len(results) else ("", "")
    return f"{text} ({problem}, {threads} thread{'' if threads == '1' else 's'})"


def size_text(size: Size) -> str:
    """``200,000 × 100``."""
    return f"{size[0]:,} × {size[1]:,}"


def family_colour(family: str) -> str:
    """Colour of a family, the same in all figures."""
    return _FAMILY_LOOKS[family][0]


def look_of(name: str, family: str) -> dict[str, Any]:
    """Colour, marker and dashes of an implementation, from its family and its name alone."""
    colour, marker, dashes = _FAMILY_LOOKS[family]
    shade, hollow = _SHADES[_draw(name, len(_SHADES))], _draw(f"{name} filled", 2)
    colour = _shaded(colour, shade)
    face = "white" if hollow else colour
    return {"color": colour, "marker": marker, "markerfacecolor": face, "linestyle": dashes}


def looks_of_curves(names: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Looks of curves that are no implementations, from each name alone unless two would clash."""
    places: dict[str, int] = {}
    for name in sorted(set(names)):
        place = _draw(name, len(COLOURS))
        while len(places) < len(COLOURS) and place in places.values():
            place = (place + 1) % len(COLOURS)
        places[name] = place
    return {name: _curve_look(place) for name, place in places.items()}


def _curve_look(place: int) -> dict[str, Any]:
    colour, dashes = COLOURS[place], _DASHES[place % len(_DASHES)]
    return {
        "color": colour,
        "marker": _MARKERS[place],
        "markerfacecolor": "white" if place % 2 else colour,
        "linestyle": dashes,
    }


def _draw(text: str, n: int) -> int:
    """A number below n, the same for the same text."""
    return zlib.crc32(text.encode()) % n


def _shaded(colour: str, shade: float) -> str:
    """A colour mixed with black if the shade is below 1, with white if above."""
    return mixed(colour, "black" if shade < 1 else "white", abs(1 - shade))


def mixed(colour: str, other: str, share: float) -> str:
    """Mix of two colours, with this share of the other."""
    pairs = zip(to_rgb(colour), to_rgb(other), strict=True)
    red, green, blue = ((1 - share) * one + share * two for one, two in pairs)
    return str(to_hex((red, green, blue)))


def key(label: str, look: dict[str, Any]) -> Line2D:
    """An entry of a legend."""
    return Line2D([], [], label=label, **look)


def family_legend(families: Iterable[str], lines: bool = True) -> list[Artist]:
    """A legend entry per family, with line and marker or the marker alone."""
    present = set(families)
    looks = {name: _FAMILY_LOOKS[name] for name in FAMILIES if name in present}
    return [
        key(name, {"color": colour, "marker": marker, "linestyle": dashes if lines else ""})
        for name, (colour, marker, dashes) in looks.items()
    ]


@dataclass(frozen=True)
class _Grid:
    """Small multiples with shared axes, row by row."""

    figure: Figure
    panels: list[Axes]
    n_columns: int

    @property
    def height(self) -> float:
        """Height of the panels in inches."""
        n_rows = math.ceil(len(self.panels) / self.n_columns)
        return 0.4 + (3.0 if n_rows == 1 else (2.4 if self.n_columns < 4 else 2.1) * n_rows)

    def label(self, x: str, y: str) -> None:
        """Label the lowest panels and the leftmost."""
        for axes in self.panels[-self.n_columns :]:
            axes.tick_params(labelbottom=True)
            axes.set_xlabel(x)
        for axes in self.panels[:: self.n_columns]:
            axes.set_ylabel(y)


def make_grid(n_panels: int, most_columns: int = 3) -> _Grid:
    """An empty grid of panels; four panels stand two by two if three columns would fit."""
    n_columns = 2 if n_panels == 4 and most_columns == 3 else min(n_panels, most_columns)
    n_rows = math.ceil(n_panels / n_columns)
    figure = Figure(layout="constrained")
    grid = figure.subplots(n_rows, n_columns, sharex=True, sharey=True, squeeze=False).ravel()
    for spare in grid[n_panels:]:
        spare.remove()
    return _Grid(figure, list(grid[:n_panels]), n_columns)


def finish(
    figure: Figure, height: float, title: str, handles: Sequence[Any], facts: Footed, note: str
) -> Figure:
    """Add title, legend, note and footer to axes of `height` inches."""
    texts = (note, *facts.footer.splitlines())
    lines = [line for text in texts for line in textwrap.wrap(text, 165)]
    foot = 0.08 + 0.13 * len(lines)
    n_columns = _count_legend_columns([str(handle.get_label()) for handle in handles])
    legend = 0.12 + 0.167 * math.ceil(len(handles) / n_columns) if handles else 0.0
    total = height + 0.35 + legend + foot
    figure.set_size_inches(_WIDTH, total)
    bottom = (foot + legend) / total
    figure.set_layout_engine("constrained", w_pad=0.07, rect=(0, bottom, 1, 1 - bottom))
    figure.suptitle(title, x=0.01, horizontalalignment="left", fontweight="bold")
    place: dict[str, Any] = {"loc": "lower center", "bbox_to_anchor": (0.5, foot / total)}
    if handles:
        figure.legend(handles=handles, ncols=n_columns, handlelength=4, borderaxespad=0, **place)
    figure.text(0.01, 0.05 / total, "\n".join(lines), **SMALL)
    return figure


def _count_legend_columns(labels: list[str]) -> int:
    """Legend columns that fit, at 52 points for line and gaps and about 4.5 points per letter."""
    widest = 52 + 4.5 * max(map(len, labels), default=0)
    return max(1, min(5, int(72 * _WIDTH / widest)))


def ticks(text: Callable[[float], str]) -> FuncFormatter:
    """Formatter of an axis's labels, without trailing zeros."""
    return FuncFormatter(lambda value, _: units.short(text(value)))


def set_log(axes: Axes, which: str, text: Callable[[float], str], most_ticks: int = 8) -> None:
    """Make an axis, and those that share it, logarithmic, with a unit at each label."""
    axes.set(**{f"{which}scale": "log"})
    axis: Axis = getattr(axes, f"{which}axis")
    low, high = axis.get_view_interval()
    steps = (1.0,) if high > 30 * low else (1.0, 2.0, 5.0)
    axis.set_major_locator(LogLocator(subs=steps, numticks=most_ticks))
    axis.set_major_formatter(ticks(text))
    axis.set_minor_locator(NullLocator())  # minor ticks take half of the time of a figure


def set_log_from_zero(
    axes: Axes, which: str, values: Iterable[float], text: Callable[[float], str]
) -> None:
    """Make an axis logarithmic, with a place for 0 below its first decade."""
    values = [value for value in values if math.isfinite(value)]
    least = min((value for value in values if value > 0), default=1.0)
    first = 10.0 ** math.floor(math.log10(least))
    getattr(axes, f"set_{which}scale")("symlog", linthresh=first, linscale=1.0)
    axis: Axis = getattr(axes, f"{which}axis")
    axis.set_major_formatter(ticks(text))
    axes.set(**{f"{which}lim": (-first / 2, 20 * max(values, default=1.0))})
