"""Figures that compare the implementations of one problem, drawn from a tidy table of results.

Each function gets the rows of one problem and one thread setting, one row per implementation,
size and metric, and returns None where there is nothing to draw. Colours, markers and order come
from the sorted names in the rows, so that an implementation looks the same in every figure.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
from matplotlib.figure import Figure

from scripts._figures._data import Facts
from scripts._figures._style import styled
from scripts._figures._times import time_by_features, time_by_samples
from scripts._figures.bandwidth import bandwidth
from scripts._figures.error_against_time import error_against_time
from scripts._figures.memory import memory, memory_over_time
from scripts._figures.speedup import speedup

__all__ = [
    "FIGURES",
    "bandwidth",
    "error_against_time",
    "memory",
    "memory_over_time",
    "save",
    "speedup",
    "time_by_features",
    "time_by_samples",
]

FIGURES: tuple[tuple[str, Callable[[pd.DataFrame, Facts], Figure | None]], ...] = (
    ("time_by_samples", time_by_samples),
    ("time_by_features", time_by_features),
    ("speedup", speedup),
    ("bandwidth", bandwidth),
    ("memory", memory),
    ("error_against_time", error_against_time),
)


@styled()
def save(figure: Figure, folder: Path, stem: str) -> tuple[Path, Path]:
    """Write ``stem.png`` and ``stem.svg``, the same bytes for the same figure; return the paths."""
    png, svg = (folder / f"{stem}.{kind}" for kind in ("png", "svg"))
    figure.savefig(png, dpi=150)
    figure.savefig(svg, metadata={"Date": None})
    return png, svg
