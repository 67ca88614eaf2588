"""Fastest implementation at each size; time, speed-up and preparation of every implementation."""

from __future__ import annotations

import pandas as pd

from scripts._common import escape, units
from scripts._common.baseline import baseline_of, explain
from scripts._tables._rows import fastest, lookup, page, sections, time_cell


def render(results: pd.DataFrame) -> str:
    """Fastest at each size, then time of one gradient with its interval and speed-up."""
    speed_ups, baseline = lookup(results, "speed_up"), baseline_of(results)
    shown = escape.markdown_code(baseline)
    told = escape.markdown(explain(results))
    rounds = told or f"Speed-up over {shown}: in the same rounds."
    parts = [
        "# Time of one gradient",
        "Time of the kernel alone on prepared inputs, which are in cache if they fit: median of "
        f"the rounds, half the width of its 95 % interval, and speed-up. {rounds} `prepare`, "
        "which casts or changes the layout once per data set, has its own tables.",
        "## Fastest at each size",
        fastest(results),
    ]
    parts += sections(results, "time", lambda row: time_cell(row, speed_ups))
    parts += ["## Preparation, once per data set"]
    parts += sections(results, "prepare", lambda row: units.seconds(row.value))
    parts += [
        "## Calls from which preparation pays",
        f"Preparation and so many gradients together take less time than those of {shown}.",
    ]
    parts += sections(results, "break_even", lambda row: f"{row.value:,.0f}")
    return page(parts)
