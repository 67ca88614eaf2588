"""Who is fastest on which data, among gradients that are exact enough to be compared."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pandas as pd

from scripts._common import units
from scripts._common.metrics import BASELINE

EXACT = 1e-12  # errors up to here: exact to float64
SINGLE = 1e-5  # and up to here: exact to float32
# Stands in for an error that was not measured: such values can be that exact.
_BYTES_PER_VALUE = {EXACT: 8, SINGLE: 4}
_DATA = ["problem", "n_features", "n_samples", "dataset"]  # the order of winners


@dataclass(frozen=True)
class Winner:
    """The fastest on one set of data.

    Attributes
    ----------
    row, next : row of the results
        Of the fastest and of the one after it, None if there is no other; with the ``error`` of
        the gradient on these data.
    baseline_seconds : float
        NaN where the baseline has no time.
    """

    row: Any
    next: Any | None
    baseline_seconds: float

    @property
    def speed_up(self) -> float:
        """Over the baseline."""
        return self.baseline_seconds / float(self.row.value)

    @property
    def lead(self) -> float:
        """Over the next; NaN without one."""
        return float(self.next.value / self.row.value) if self.next else math.nan


def times_with_errors(results: pd.DataFrame) -> pd.DataFrame:
    """Rows with a time, each with the ``error`` of its gradient.

    Where the error was not measured on the same data, it is the implementation's largest on any.
    """
    ok = results[results["state"] == "ok"]
    times, errors = (ok[ok["metric"] == metric] for metric in ("time", "error"))
    own = errors.groupby([*_DATA, "implementation"], dropna=False)["value"].max().rename("error")
    worst = errors.groupby(["problem", "implementation"])["value"].max().rename("worst")
    times = times.merge(own.reset_index(), how="left", on=[*_DATA, "implementation"])
    times = times.merge(worst.reset_index(), how="left", on=["problem", "implementation"])
    return times.assign(error=times["error"].fillna(times["worst"])).drop(columns="worst")


def within(times: pd.DataFrame, tolerance: float) -> pd.DataFrame:
    """Of `times_with_errors`, those whose gradient is exact to EXACT or to SINGLE."""
    wide = times["bytes_per_value"] >= _BYTES_PER_VALUE[tolerance]
    return times[(times["error"] <= tolerance) | (times["error"].isna() & wide)]


def winners(results: pd.DataFrame, tolerance: float) -> list[Winner]:
    """The fastest within the tolerance on each set of data."""
    return list(_winners(times_with_errors(results), tolerance)) if len(results) else []


def _winners(times: pd.DataFrame, tolerance: float) -> Iterator[Winner]:
    baseline = times[times["implementation"] == BASELINE]
    seconds = {data_of(row): row.value for row in baseline.itertuples()}
    for _, group in within(times, tolerance).groupby(_DATA, dropna=False):
        first, *rest = group.sort_values("value").head(2).itertuples()
        yield Winner(first, rest[0] if rest else None, seconds.get(data_of(first), math.nan))


def less_exact(results: pd.DataFrame) -> list[str]:
    """What is faster than all within SINGLE and less exact: ``fused_float16 (error 2.1e-04)``."""
    best = {data_of(winner.row): winner.row.value for winner in winners(results, SINGLE)}
    found: dict[str, float] = {}
    for row in times_with_errors(results).itertuples() if best else ():
        if row.error > SINGLE and row.value < best.get(data_of(row), math.inf):
            found[row.implementation] = max(row.error, found.get(row.implementation, 0.0))
    return [f"{name} (error {units.error(error)})" for name, error in sorted(found.items())]


def data_of(row: Any) -> tuple[str, str]:
    """Problem and data of a row: the data set's name, or the size."""
    return row.problem, row.dataset or f"{row.n_samples:,} x {row.n_features:,}"
