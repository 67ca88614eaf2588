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
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray
from PIL import Image
from scipy.spatial import cKDTree

from scripts._common.records import Footed
from scripts._figures._style import styled

FORMATS = ("png", "svg", "pdf")
_FIRST = ("winners", "speedup")  # answer a reader's first questions
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
    paths = [folder / f"{stem}.{each}" for each in formats]
    for path in paths:
        if path.suffix == ".png":
            _save_pixels(figure, path)
        else:
            figure.savefig(path, metadata=_METADATA[path.suffix[1:]])
    return paths


def _save_pixels(figure: Figure, path: Path) -> None:
    pixels = io.BytesIO()
    # Not compressed: it is read at once.
    figure.savefig(pixels, format="png", dpi=150, pil_kwargs={"compress_level": 0})
    _palette(Image.open(pixels)).save(path)


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
