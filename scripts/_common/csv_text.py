"""Rows as comma-separated text that a spreadsheet takes for text."""

from __future__ import annotations

from typing import Any

import pandas as pd

_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def to_csv(rows: pd.DataFrame) -> str:
    """Rows below a header, with six digits; a quote comes before a text that begins a formula."""
    return str(rows.map(_plain).to_csv(index=False, float_format="%.6g"))


def _plain(value: Any) -> Any:
    if not isinstance(value, str):
        return value
    quote = "'" if value.startswith(_FORMULA) else ""
    return quote + value.replace("\r", " ")  # Python 3.11's csv does not quote it
