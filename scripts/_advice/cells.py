"""Cells: all that is known of one implementation on one set of data, in one row."""

from __future__ import annotations

from typing import Any

import pandas as pd

from scripts._common.fastest import PROMISED

KEY = ["problem", "implementation", "threads", "n_samples", "n_features", "dataset"]
# Metrics of a gradient, and those that have an interval.
METRICS = (
    *("time", "time_mean", "time_p90", "speed_up", "error", "workspace", "peak", "prepare"),
    *("prepared", "break_even", "read_roof", "roof_fraction", "processors", "chance"),
)
INTERVALS = ("time", "speed_up", "roof_fraction", "chance")
# What the row of the time says for the whole cell.
_TOLD = (
    *("state", "reason", "flag", "measured", "generations"),
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
        on for each of `INTERVALS`; state, reason and flag of the time; when it was measured and in
        how many generations; family, passes, bytes_per_value and rtol of the implementation;
        compulsory_bytes and working_set; ``worst``, the largest error of the implementation on any
        data; and ``reasons``, why a metric has no value, by metric, where that is not the cell's.
    """
    own = results[(results["solver"] == "") & results["metric"].isin(METRICS)]
    sizes = {name: own[name].fillna(0).astype("int64") for name in ("n_samples", "n_features")}
    own = own.assign(**sizes)
    times = own[own["metric"] == "time"].set_index(KEY)[list(_TOLD)]
    good = own[own["state"] == "ok"]
    parts = [times, _wide(good, "value", METRICS, "")]
    parts += [_wide(good, end, INTERVALS, f"_{end}") for end in ("low", "high")]
    cells = pd.concat(parts, axis="columns").loc[times.index].reset_index()
    worst = cells.groupby(["problem", "implementation"])["error"].transform("max")
    return cells.assign(worst=worst, reasons=_reasons(own, cells)).sort_values(
        KEY, ignore_index=True
    )


def is_exact(cells: pd.DataFrame, max_error: float) -> pd.Series:
    """Whether each cell's implementation keeps an error, wherever it was measured.

    Its error is at most `max_error` on all data, and so is the RTOL that it states, within the
    margin of `PROMISED`.
    """
    promised = min((rtol for e, rtol in PROMISED.items() if max_error <= e), default=max_error)
    return (cells["worst"] <= max_error) & (cells["rtol"] <= max(promised, max_error))


def _wide(rows: pd.DataFrame, value: str, metrics: tuple[str, ...], suffix: str) -> pd.DataFrame:
    """A column per metric, by cell."""
    wide = rows.drop_duplicates([*KEY, "metric"]).set_index([*KEY, "metric"])[value]
    return wide.unstack().reindex(columns=list(metrics)).add_suffix(suffix)


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
