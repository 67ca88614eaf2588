"""Workspace of one call, growth of its process, and what preparation keeps."""

from __future__ import annotations

import pandas as pd

from scripts._common import units
from scripts._tables._rows import page, sections


def render(results: pd.DataFrame) -> str:
    """Workspace of a call, growth of its process, and bytes that preparation keeps."""
    parts = ["# Memory of one gradient"]
    for title, metric in _SECTIONS.items():
        parts += [title, *sections(results, metric, lambda row: units.n_bytes(row.value))]
    return page(parts)


_SECTIONS = {
    "## Workspace: bytes that one call allocates, its result included": "workspace",
    "## Growth of the process: resident memory that one call adds at its peak": "peak",
    "## Bytes that preparation keeps beside the data": "prepared",
}
