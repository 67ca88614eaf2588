"""The results as text for a spreadsheet: what tells one row from another, with six digits."""

from __future__ import annotations

import pandas as pd

# Left out: what the implementation or the problem alone decides, and what all rows share.
_COLUMNS = (
    *("problem", "implementation", "solver", "n_samples", "n_features", "dataset", "metric"),
    *("value", "low", "high", "unit", "state", "reason", "flag"),
    *("threads", "commit", "measured", "generations"),
)


def to_csv(results: pd.DataFrame) -> str:
    """Comma-separated rows below a header."""
    return str(results[list(_COLUMNS)].to_csv(index=False, float_format="%.6g"))
