"""Error of each implementation against the reference in extended precision, at each size."""

from __future__ import annotations

import pandas as pd

from scripts._common import units
from scripts._tables._rows import page, sections


def render(results: pd.DataFrame) -> str:
    """Error of each implementation."""
    parts = [
        "# Accuracy",
        "Largest error of a component against the reference in extended precision, relative to the "
        "sum of the absolute terms of that component. Half a unit in the last place is 1.1e-16 in "
        "float64 and 6.0e-08 in float32.",
    ]
    parts += sections(results, "error", lambda row: units.error(row.value))
    return page(parts)
