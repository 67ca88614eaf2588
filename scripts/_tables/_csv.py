"""The results as text for a spreadsheet: what tells one row from another, with six digits."""

from __future__ import annotations

import pandas as pd

from scripts._common import csv_text

# Left out: what the implementation or the problem alone decides, and what all rows share.
_COLUMNS = (
    "machine",  # of a report of several
    *("problem", "implementation", "solver", "n_samples", "n_features", "dataset", "metric"),
    *("value", "low", "high", "unit", "state", "reason", "flag"),
    *("threads", "commit", "measured", "generations", "rounds"),
)


def to_csv(results: pd.DataFrame) -> str:
    """Comma-separated rows below a header."""
    return csv_text.to_csv(results[[name for name in _COLUMNS if name in results]])
