"""Fastest implementation at each size; time, speed-up and preparation of every implementation."""

from __future__ import annotations

import pandas as pd

from scripts._common import units
from scripts._tables._rows import baseline_seconds, fastest, page, sections, time_cell


def render(results: pd.DataFrame) -> str:
    """Fastest at each size, then time of one gradient with its interval and speed-up."""
    baseline = baseline_seconds(results)
    parts = [
        "# Time of one gradient",
        "Time of the kernel alone on prepared inputs, which are in cache if they fit: median, half "
        "the width of asv's 99 % interval, and speed-up over `matrix`. The time of `prepare`, "
        "which casts or changes the layout once, has its own table.",
        "## Fastest at each size",
        fastest(results),
    ]
    parts += sections(results, "time", lambda row: time_cell(row, baseline))
    parts += ["## Preparation, once per data set"]
    parts += sections(results, "prepare", lambda row: units.seconds(row.value))
    return page(parts)
