"""Who is fastest on which data, among gradients that are exact enough to be compared."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import pandas as pd

from scripts._common import units
from scripts._common.families import BLOCKS

EXACT = 1e-12  # errors up to here: exact to float64
SINGLE = 1e-5  # and up to here: exact to float32
# The largest tolerance that an implementation may state to be compared: the mean over many samples
# hides how few digits a value has.
PROMISED = {EXACT: 1e-9, SINGLE: 1e-4}
UNCERTAIN = 0.2  # from here on, `uncertainty` is to be told
_DATA = ["problem", "n_features", "n_samples", "dataset"]  # the order of winners


@dataclass(frozen=True)
class Winner:
    """The fastest on one set of data.

    Attributes
    ----------
    row, next : row of the results
        Of the fastest and of the one after it, None if there is no other; with the ``error`` of
        the gradient on these data.
    """

    row: Any
    next: Any | None

    @property
    def speed_up(self) -> float:
        """Over the baseline in the same rounds; NaN without one."""
        return float(self.row.speed_up)

    @property
    def is_certain(self) -> bool:
        """Whether the speed-up's uncertainty is at most `UNCERTAIN`."""
        half = (self.row.speed_up_high - self.row.speed_up_low) / 2
        return not half / self.row.speed_up > UNCERTAIN

    @property
    def lead(self) -> float:
        """Over the next; NaN without one."""
        return float(self.next.value / self.row.value) if self.next else math.nan

    @property
    def is_even(self) -> bool:
        """Whether the next is as fast, to two digits."""
        return units.ratio(self.lead, 2) == "1.0x"


def times_with_errors(results: pd.DataFrame) -> pd.DataFrame:
    """Rows with a time, each with its speed-up, the ``error`` of its gradient and the ``worst``.

    The speed-up has the columns ``speed_up``, ``speed_up_low`` and ``speed_up_high``; ``worst`` is
    the largest error on any data. Where the error was not measured on the same data, the worst
    error on other data is used.
    """
    ok = results[results["state"] == "ok"]
    times, errors, pairs = (ok[ok["metric"] == name] for name in ("time", "error", "speed_up"))
    named = {"value": "speed_up", "low": "speed_up_low", "high": "speed_up_high"}
    pairs = pairs[[*_DATA, "implementation", *named]].rename(columns=named)
    times = times.merge(pairs, how="left", on=[*_DATA, "implementation"])
    own = errors.groupby([*_DATA, "implementation"], dropna=False)["value"].max().rename("error")
    worst = errors.groupby(["problem", "implementation"])["value"].max().rename("worst")
    times = times.merge(own.reset_index(), how="left", on=[*_DATA, "implementation"])
    times = times.merge(worst.reset_index(), how="left", on=["problem", "implementation"])
    return times.assign(error=times["error"].fillna(times["worst"]))


def is_exact(rows: pd.DataFrame, max_error: float) -> pd.Series:
    """Whether the implementation of each row keeps an error, wherever it was measured.

    Its ``worst`` error is known and at most `max_error`, and so is the ``rtol`` that it states,
    within the margin of `PROMISED`.
    """
    promised = min((rtol for e, rtol in PROMISED.items() if max_error <= e), default=max_error)
    return (rows["worst"] <= max_error) & (rows["rtol"] <= max(promised, max_error))


def within(times: pd.DataFrame, tolerance: float) -> pd.DataFrame:
    """Rows of `times_with_errors` by implementations that are exact to a tolerance."""
    return times[is_exact(times, tolerance)]


def winners(results: pd.DataFrame, tolerance: float) -> list[Winner]:
    """The fastest within the tolerance on each set of data."""
    return list(_winners(times_with_errors(results), tolerance)) if len(results) else []


def _winners(times: pd.DataFrame, tolerance: float) -> Iterator[Winner]:
    ordered = within(times, tolerance).sort_values("value")
    # Around a kernel, for an X that is elsewhere: in memory it is that kernel, and more.
    ordered = ordered[ordered["family"] != BLOCKS]
    best = ordered.groupby(_DATA, dropna=False, sort=False).head(2).sort_values([*_DATA, "value"])
    for _, group in groupby(best.itertuples(), data_of):
        first, *rest = group
        yield Winner(first, rest[0] if rest else None)


def less_exact(results: pd.DataFrame) -> list[str]:
    """What is faster than all within SINGLE, and not: ``rough (error 2e-04)``."""
    best = {data_of(winner.row): winner.row.value for winner in winners(results, SINGLE)}
    if not best:
        return []
    times = times_with_errors(results)
    rough = times.drop(within(times, SINGLE).index).itertuples()
    found = {
        row.implementation: _error_of(row)
        for row in rough
        if row.value < best.get(data_of(row), math.inf)
    }
    return [f"{name} ({error})" for name, error in sorted(found.items())]


def _error_of(row: Any) -> str:
    """What a row within no tolerance is known to be off by."""
    if math.isnan(row.worst):
        return "error not measured"
    return f"error {row.worst if row.worst > SINGLE else row.rtol:.0e}"


def uncertainty(value: Any) -> float:
    """Half the interval of a value, relative; 0 where it has none."""
    half = (value.high - value.low) / 2 / value.value
    return 0.0 if math.isnan(half) else half


def data_of(row: Any) -> tuple[str, str]:
    """Problem and data of a row: the data set's name, or the size."""
    return row.problem, row.dataset or f"{row.n_samples:,} x {row.n_features:,}"
