"""Figures: each file without a leading underscore is a figure, and its name is the picture's.

The file has a function ``draw(SUBJECT, facts)``. The name of its first parameter says what the
figure is drawn from:

``results``
    Rows of the results of one problem and one thread setting, one row per implementation, size and
    metric.
``curves``
    Memory over time of one problem: a sequence of `MemoryCurve`.
``race``
    A `Race`: the results of all sizes.
``comparison``
    A `Comparison`: the verdicts on all cells.
``fleet``
    A `Fleet`: the results of one problem of several machines.

``facts`` is a `Facts`, or that `Fleet`. ``draw`` returns a Figure, or None if there is nothing to
draw. The first line of the file's docstring is the picture's sentence on the index page.
"""

from __future__ import annotations

import importlib
import inspect
import io
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.text import Text
from matplotlib.ticker import FixedLocator
from numpy.typing import NDArray
from PIL import Image
from scipy.spatial import cKDTree

from impls._files import write_whole
from scripts._common import escape
from scripts._common.records import Footed
from scripts._figures._style import styled

FORMATS = ("png", "svg", "pdf")
_FIRST = ("winners", "speedup")  # answer a reader's first questions
_LONGEST_TICK = 72  # letters; more would leave no room for the axes
_METADATA = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}


def names(subject: str) -> list[str]:
    """Names of the figures that are drawn from a subject: `_FIRST`, then the others, sorted."""
    stems = {path.stem for path in Path(__file__).parent.glob("[!_]*.py")}
    ordered = [*(name for name in _FIRST if name in stems), *sorted(stems - {*_FIRST})]
    return [name for name in ordered if _subject_of(name) == subject]


def sentence(name: str) -> str:
    """Sentence about a figure: the first line of its docstring."""
    return str(_load(name).__doc__).partition("\n")[0]


def draw(name: str, subject: Any, facts: Footed) -> Figure | None:
    """One figure, in the project's style; the user's matplotlibrc has no effect."""
    with styled():
        figure: Figure | None = _load(name).draw(subject, facts)
        return figure


@styled()
def save(
    figure: Figure, folder: Path, stem: str, formats: Iterable[str] = ("png", "svg")
) -> list[Path]:
    """Write ``stem.png`` and so on and return the paths; equal figures give equal bytes.

    Parameters
    ----------
    formats : iterable of str
        Some of `FORMATS`.
    """
    _keep_to_text(figure)
    contents = {folder / f"{stem}.{each}": _content(figure, each) for each in formats}
    for path, content in contents.items():
        write_whole(path, content)
    return list(contents)


def _keep_to_text(figure: Figure) -> None:
    """Take out of all texts, and of names at ticks, what has no glyph and no place in XML."""
    for text in figure.findobj(Text):
        text.set_text(escape.lines(text.get_text()))
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            if isinstance(axis.get_major_locator(), FixedLocator):
                places = axis.get_majorticklocs()
                names = axis.get_major_formatter().format_ticks([*places])
                axis.set_ticks(places, labels=[*map(_tick, names)])


def _tick(name: str) -> str:
    shown = escape.line(name)
    return shown if len(shown) <= _LONGEST_TICK else f"{shown[:_LONGEST_TICK]}…"


def _content(figure: Figure, form: str) -> bytes:
    """The bytes of a file; signs that the font lacks are drawn as boxes, without a warning."""
    content = io.BytesIO()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph .* missing from font")
        if form == "png":
            _pixels(figure).save(content, "png")
        else:
            figure.savefig(content, format=form, metadata=_METADATA[form])
    return content.getvalue()


def _pixels(figure: Figure) -> Image.Image:
    pixels = io.BytesIO()
    # Not compressed: it is read at once.
    figure.savefig(pixels, format="png", dpi=150, pil_kwargs={"compress_level": 0})
    return _palette(Image.open(pixels))


def _palette(image: Image.Image) -> Image.Image:
    """The image in 256 colours, which look the same and take a third of the bytes."""
    pixels = image.convert("RGB")
    # One pixel of 9 has all colours that matter, and takes a tenth of the time.
    few = pixels.resize((pixels.width // 3, pixels.height // 3), Image.Resampling.NEAREST)
    # Without k-means, the nearly white cells of a heat map become white.
    plain = Image.Dither.NONE
    palette = few.quantize(256, Image.Quantize.MEDIANCUT, kmeans=3, dither=plain).getpalette() or []
    colours = np.array(palette, np.int64).reshape(-1, 3)
    found = Image.fromarray(_nearest(np.asarray(pixels), colours), "P")
    found.putpalette(palette)
    return found


def _nearest(pixels: NDArray[np.uint8], palette: NDArray[np.int64]) -> NDArray[np.uint8]:
    """Index of the nearest colour of each pixel; Pillow's own search turns white into grey."""
    codes = pixels.astype(np.uint32) @ np.array([1 << 16, 1 << 8, 1], np.uint32)
    table = np.zeros(1 << 24, np.uint8)
    table[codes] = 1
    present = np.flatnonzero(table)
    colours = np.stack([present >> 16, present >> 8 & 255, present & 255], axis=1)
    table[present] = cKDTree(palette).query(colours)[1]
    return table[codes]


def _subject_of(name: str) -> str:
    return next(iter(inspect.signature(_load(name).draw).parameters))


def _load(name: str) -> Any:
    return importlib.import_module(f"{__name__}.{name}")
