"""Workspace of one call, and peak memory of its process."""

from __future__ import annotations

import pandas as pd

from scripts._common import units
from scripts._tables._rows import lookup, page, peak_cell, sections


def render(results: pd.DataFrame) -> str:
    """Workspace of a call, and peak memory of the process."""
    inputs = lookup(results, "peak_inputs")
    parts = ["# Memory of one gradient", "## Workspace: bytes that one call allocates"]
    parts += sections(results, "workspace", lambda row: units.n_bytes(row.value))
    parts += [
        "## Peak of the process",
        "Includes Python, NumPy, the libraries that the implementation imports, and the inputs. In "
        "brackets: what the call adds to the peak of the same process without a call.",
    ]
    parts += sections(results, "peak_gradient", lambda row: peak_cell(row, inputs))
    return page(parts)
