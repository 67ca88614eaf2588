"""How far the times can be trusted: chance at each size, disturbed cells, mean beside median."""

from __future__ import annotations

import math
from collections.abc import Iterable

import pandas as pd

from scripts._common import units
from scripts._common.chance import chance_band
from scripts._common.fastest import data_of
from scripts._common.metrics import BASELINE
from scripts._tables._rows import Row, key_of, lookup, page, sections, table

_CHANCE = (
    f"The baseline runs twice in each round, in two processes. Time of `{BASELINE}` over that of "
    "its twin, with its 95 % interval: what differs by chance alone. A difference between two "
    "implementations is seen from the further end of this interval on."
)


def render(results: pd.DataFrame) -> str:
    """Chance at each size, cells that are not to be trusted, then mean, 90th percentile and CPU."""
    parts = ["# Noise", "## By chance", _CHANCE, *_chance(results)]
    parts += ["## Not to be trusted", *_flags(results)]
    p90 = lookup(results, "time_p90")
    medians = lookup(results, "time")
    parts += [
        "## Mean and 90th percentile of the rounds, over the median",
        "Medians hide what other work does, and threads that wait for each other.",
    ]
    parts += sections(results, "time_mean", lambda row: _over_median(row, p90, medians))
    parts += ["## CPU time over wall time: processors that are busy"]
    parts += sections(results, "processors", lambda row: f"{row.value:.2f}")
    return page(parts)


def _chance(results: pd.DataFrame) -> Iterable[str]:
    rows = results[(results["metric"] == "chance") & (results["state"] == "ok")]
    if rows.empty:
        return ["Nothing was measured twice."]
    body = [
        [*data_of(row), units.ratio(row.value), *_interval(row), _seen(row)]
        for row in rows.itertuples()
    ]
    return [table(body, ["problem", "data", "by chance", "low", "high", "differences seen from"])]


def _interval(row: Row) -> list[str]:
    return [units.ratio(end) for end in (row.low, row.high)]


def _seen(row: Row) -> str:
    """The smallest difference that lies outside what chance does."""
    band = chance_band(row.low, row.high)
    return units.NO_VALUE if math.isnan(band) else f"{band:.1%}"


def _flags(results: pd.DataFrame) -> Iterable[str]:
    rows = results[(results["metric"] == "time") & (results["flag"].fillna("") != "")]
    if rows.empty:
        return ["Every time is as steady as its interval says."]
    body = [[row.implementation, *data_of(row), row.flag] for row in rows.itertuples()]
    return [table(body, ["", "problem", "data", "why"])]


def _over_median(row: Row, p90: dict[object, float], medians: dict[object, float]) -> str:
    median = medians.get(key_of(row), math.nan)
    high = p90.get(key_of(row), math.nan)
    return f"{units.ratio(row.value / median)}, {units.ratio(high / median)}"
