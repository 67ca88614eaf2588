"""Rows as comma-separated text that a spreadsheet takes for text."""

from __future__ import annotations

import pandas as pd

from scripts._common import escape


def to_csv(rows: pd.DataFrame) -> str:
    """Rows below a header, with six digits; a quote comes before a text that begins a formula."""
    return str(rows.map(escape.cell).to_csv(index=False, float_format="%.6g"))
