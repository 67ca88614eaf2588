"""Fraction of the read roof that each implementation reaches, and the read roof itself."""

from __future__ import annotations

import pandas as pd

from scripts._common import units
from scripts._tables._rows import page, sections


def render(results: pd.DataFrame) -> str:
    """Fraction of the read roof, then the read roof in GB/s."""
    parts = [
        "# Bandwidth",
        "## Fraction of the read roof",
        "Compulsory traffic / time / read roof. The roof is the bandwidth of a pure threaded read "
        "of X in the same rounds. If X does not fit in cache, an implementation that makes two "
        "passes over X reaches at most 0.50. In cache, arithmetic limits the speed, not the read.",
    ]
    parts += sections(results, "roof_fraction", lambda row: f"{row.value:.2f}")
    parts += ["## Read roof"]
    parts += sections(results, "read_roof", lambda row: units.gigabytes_per_second(row.value))
    return page(parts)
