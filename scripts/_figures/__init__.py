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

``facts`` is a `Facts`. ``draw`` returns a Figure, or None if there is nothing to draw. The first
line of the file's docstring is the picture's sentence on the index page.
"""

from __future__ import annotations

import importlib
import inspect
import io
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure
from PIL import Image

from scripts._common.records import Facts
from scripts._figures._style import styled

_FIRST = "winners"  # answers a reader's first question


def names(subject: str) -> list[str]:
    """Names of the figures that are drawn from a subject: `_FIRST`, then the others, sorted."""
    stems = {path.stem for path in Path(__file__).parent.glob("[!_]*.py")}
    ordered = sorted(stems, key=lambda name: (name != _FIRST, name))
    return [name for name in ordered if _subject_of(name) == subject]


def sentence(name: str) -> str:
    """Sentence about a figure: the first line of its docstring."""
    return str(_load(name).__doc__).partition("\n")[0]


def draw(name: str, subject: Any, facts: Facts) -> Figure | None:
    """One figure, in the project's style; the user's matplotlibrc has no effect."""
    with styled():
        figure: Figure | None = _load(name).draw(subject, facts)
        return figure


@styled()
def save(figure: Figure, folder: Path, stem: str) -> tuple[Path, Path]:
    """Write ``stem.png`` and ``stem.svg`` and return the paths; equal figures give equal bytes."""
    png, svg = (folder / f"{stem}.{kind}" for kind in ("png", "svg"))
    pixels = io.BytesIO()
    figure.savefig(pixels, format="png", dpi=150)
    _palette(Image.open(pixels)).save(png, optimize=True)
    figure.savefig(svg, metadata={"Date": None})
    return png, svg


def _palette(image: Image.Image) -> Image.Image:
    """The image in 256 colours, which look the same and take a third of the bytes."""
    # Without k-means, the nearly white cells of a heat map become white.
    plain = Image.Dither.NONE
    return image.convert("RGB").quantize(256, Image.Quantize.MEDIANCUT, kmeans=3, dither=plain)


def _subject_of(name: str) -> str:
    return next(iter(inspect.signature(_load(name).draw).parameters))


def _load(name: str) -> Any:
    return importlib.import_module(f"{__name__}.{name}")
