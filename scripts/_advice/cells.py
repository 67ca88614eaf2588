"""Cells: all that is known of one implementation on one set of data, in one row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pandas as pd

from scripts._common.chance import chance_band, tie_band

KEY = ["problem", "implementation", "threads", "n_samples", "n_features", "dataset"]
_SIZE = [key for key in KEY if key != "implementation"]
# Metrics of a gradient, and those that have an interval.
METRICS = (
    *("time", "time_mean", "time_p90", "speed_up", "error", "workspace", "peak", "prepare"),
    *("prepared", "break_even", "read_roof", "roof_fraction", "processors", "chance"),
)
INTERVALS = ("time", "speed_up", "roof_fraction", "chance")
# What the row of the time says for the whole cell.
_TOLD = (
    *("state", "reason", "flag", "measured", "generations", "rounds"),
    *("family", "passes", "bytes_per_value", "rtol", "compulsory_bytes", "working_set"),
)


def cells_of(results: pd.DataFrame) -> pd.DataFrame:
    """Gather the rows of the results by cell.

    Parameters
    ----------
    results : DataFrame
        Rows as the report has them: a metric each. Costs of trainings are left out.

    Returns
    -------
    DataFrame
        A row per cell, in the order of `KEY`, with n_samples and n_features of 0 for real data.
        Columns: `KEY`; `METRICS`, NaN where there is no value; ``time_low``, ``time_high`` and so
        on for each of `INTERVALS`; state, reason and flag of the time; when it was measured, in how
        many generations and rounds; family, passes, bytes_per_value and rtol of the implementation;
        compulsory_bytes and working_set; ``worst``, the largest error of the implementation on any
        data with these threads; ``chance_band`` and ``tie_band`` of all cells on the same data, see
        `scripts._common.chance`; and ``reasons``, why a metric has no value, by metric, where that
        is not the cell's.
    """
    own = with_sizes(results[(results["solver"] == "") & results["metric"].isin(METRICS)])
    times = own[own["metric"] == "time"].set_index(KEY)[list(_TOLD)]
    good = own[own["state"] == "ok"]
    parts = [times, wide(good, "value", METRICS)]
    parts += [wide(good, end, INTERVALS, f"_{end}") for end in ("low", "high")]
    cells = pd.concat(parts, axis="columns").loc[times.index].reset_index()
    worst = cells.groupby(["problem", "implementation", "threads"])["error"].transform("max")
    cells = cells.assign(worst=worst, **_bands(cells), reasons=_reasons(own, cells))
    return cells.sort_values(KEY, ignore_index=True)


def _bands(cells: pd.DataFrame) -> dict[str, pd.Series]:
    """What differs by chance on the data of each cell, from the baseline's."""
    ends = zip(cells["chance_low"], cells["chance_high"], strict=True)
    own = pd.Series([chance_band(*each) for each in ends], cells.index, float)
    bands = own.groupby([cells[key] for key in _SIZE]).transform("max")
    return {"chance_band": bands, "tie_band": bands.map(tie_band)}


def with_sizes(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows with whole numbers of n_samples and n_features: 0 for real data."""
    sizes = ("n_samples", "n_features")
    return rows.assign(**{name: rows[name].fillna(0).astype("int64") for name in sizes})


def wide(
    rows: pd.DataFrame,
    value: str,
    metrics: Sequence[str],
    suffix: str = "",
    key: Sequence[str] = KEY,
) -> pd.DataFrame:
    """A column per metric with a suffix, by `key`; of rows with the same key the first counts."""
    columns = rows.drop_duplicates([*key, "metric"]).set_index([*key, "metric"])[value]
    return columns.unstack().reindex(columns=list(metrics)).add_suffix(suffix)


def _reasons(own: pd.DataFrame, cells: pd.DataFrame) -> list[dict[str, str]]:
    found: dict[Any, dict[str, str]] = {}
    gone = own[(own["state"] != "ok") & (own["metric"] != "time") & (own["metric"] != "chance")]
    for row in gone[[*KEY, "metric", "reason"]].itertuples(index=False):
        found.setdefault(tuple(row[: len(KEY)]), {})[row.metric] = row.reason
    told = zip(cells[KEY].itertuples(index=False, name=None), cells["reason"], strict=True)
    return [
        {metric: reason for metric, reason in found.get(key, {}).items() if reason != own_reason}
        for key, own_reason in told
    ]
