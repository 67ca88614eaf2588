"""The summary that a report prints."""

from __future__ import annotations

import math

import pytest

from scripts._tables._summary import summary_rows
from tests._rows import KERNELS, SIZES, made_rows

NAMES = ("matrix", "fused", "fused_float32", "row_loop")
ROWS = made_rows({name: KERNELS[name] for name in NAMES})


def test_it_counts_who_wins_and_gives_the_range_of_speed_ups():
    exact, single, others = summary_rows(ROWS)
    assert exact == ["logistic", "float64", "fused", "6 of 6", "3.3x to 4.0x"]
    assert single[:4] == ["logistic", "float32", "fused_float32", "5 of 6"]
    assert others[:4] == ["logistic", "float32", "fused", "1 of 6"]


def test_what_wins_seldom_is_counted_together():
    rows = ROWS.copy()
    for name, n_samples, n_features in (("matrix", 10, 10), ("row_loop", 10, 100)):
        wins = (rows["implementation"] == name) & (rows["metric"] == "time")
        wins &= (rows["n_samples"] == n_samples) & (rows["n_features"] == n_features)
        rows.loc[wins, "value"] = 1e-12
    exact = [row for row in summary_rows(rows) if row[1] == "float64"]
    assert [row[2:4] for row in exact] == [
        ["fused", "4 of 6"],
        ["matrix", "1 of 6"],
        ["others", "1 of 6"],
    ]


@pytest.mark.parametrize(("lost", "gains"), [(0, "3.3x to 3.7x"), (3, "3.3x to 4.0x")])
def test_a_speed_up_that_is_not_known_leaves_the_others(lost, gains):
    rows = ROWS.copy()
    n, d = SIZES[lost]
    gone = (rows["n_samples"] == n) & (rows["n_features"] == d) & (rows["metric"] == "speed_up")
    rows.loc[gone, "state"] = "missing"
    assert summary_rows(rows)[0][4] == gains
    rows.loc[rows["metric"] == "speed_up", "state"] = "missing"
    assert summary_rows(rows)[0][2:] == ["fused", "6 of 6", ""]


def test_without_times_there_is_no_row():
    rows = ROWS.assign(state="failed", value=math.nan)
    assert summary_rows(rows) == []
