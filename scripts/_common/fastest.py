"""Who is fastest on which data, among gradients that are exact enough to be compared."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pandas as pd

from scripts._common.metrics import BASELINE

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
    baseline : row of the results
        None where the baseline has no time.
    """

    row: Any
    next: Any | None
    baseline: Any | None

    @property
    def speed_up(self) -> float:
        """Over the baseline; NaN without one."""
        return float(self.baseline.value / self.row.value) if self.baseline else math.nan

    @property
    def is_certain(self) -> bool:
        """Whether the speed-up's uncertainty is at most `UNCERTAIN`."""
        return self.baseline is None or uncertainty(self.row, self.baseline) <= UNCERTAIN

    @property
    def lead(self) -> float:
        """Over the next; NaN without one."""
        return float(self.next.value / self.row.value) if self.next else math.nan


def times_with_errors(results: pd.DataFrame) -> pd.DataFrame:
    """Rows with a time, each with the ``error`` of its gradient, and the ``worst`` on any data.

    Where the error was not measured on the same data, the worst error on other data is used.
    """
    ok = results[results["state"] == "ok"]
    times, errors = (ok[ok["metric"] == metric] for metric in ("time", "error"))
    own = errors.groupby([*_DATA, "implementation"], dropna=False)["value"].max().rename("error")
    worst = errors.groupby(["problem", "implementation"])["value"].max().rename("worst")
    times = times.merge(own.reset_index(), how="left", on=[*_DATA, "implementation"])
    times = times.merge(worst.reset_index(), how="left", on=["problem", "implementation"])
    return times.assign(error=times["error"].fillna(times["worst"]))


def within(times: pd.DataFrame, tolerance: float) -> pd.DataFrame:
    """Rows of `times_with_errors` by implementations that are as exact as a tolerance asks for.

    Their error is within the tolerance on all data where it was measured, and the RTOL that they
    state is at most `PROMISED[tolerance]`.
    """
    measured = (times["worst"] <= tolerance) | times["worst"].isna()
    return times[measured & (times["rtol"] <= PROMISED[tolerance])]


def winners(results: pd.DataFrame, tolerance: float) -> list[Winner]:
    """The fastest within the tolerance on each set of data."""
    return list(_winners(times_with_errors(results), tolerance)) if len(results) else []


def _winners(times: pd.DataFrame, tolerance: float) -> Iterator[Winner]:
    baseline = times[times["implementation"] == BASELINE]
    baselines = {data_of(row): row for row in baseline.itertuples()}
    for _, group in within(times, tolerance).groupby(_DATA, dropna=False):
        first, *rest = group.sort_values("value").head(2).itertuples()
        yield Winner(first, rest[0] if rest else None, baselines.get(data_of(first)))


def less_exact(results: pd.DataFrame) -> list[str]:
    """What is faster than all within SINGLE and less exact: ``fused_float16 (error 2e-04)``."""
    best = {data_of(winner.row): winner.row.value for winner in winners(results, SINGLE)}
    if not best:
        return []
    times = times_with_errors(results)
    rough = times.drop(within(times, SINGLE).index).itertuples()
    found = {
        row.implementation: row.worst if row.worst > SINGLE else row.rtol
        for row in rough
        if row.value < best.get(data_of(row), math.inf)
    }
    return [f"{name} (error {error:.0e})" for name, error in sorted(found.items())]


def uncertainty(*times: Any) -> float:
    """Half the interval of a ratio of times, relative; 0 where nothing is known of one.

    A time has a value, and its interval from low to high.
    """
    halves = [(time.high - time.low) / 2 / time.value for time in times]
    return math.hypot(*(0.0 if math.isnan(half) else half for half in halves))


def data_of(row: Any) -> tuple[str, str]:
    """Problem and data of a row: the data set's name, or the size."""
    return row.problem, row.dataset or f"{row.n_samples:,} x {row.n_features:,}"
