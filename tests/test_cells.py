"""Cells of the results, what counts as exact, and verdicts."""

from __future__ import annotations

import math

import pandas as pd
import pytest

from scripts._advice.cells import KEY, cells_of, is_exact
from scripts._advice.verdict import level_of, verdicts
from tests._rows import KERNELS, SIZES, made_rows

CACHES = {1: 32 << 10, 2: 1 << 20, 3: 32 << 20}


def cell(cells, name, size):
    found = cells[(cells["implementation"] == name) & (cells["n_samples"] == size[0])]
    (row,) = found[found["n_features"] == size[1]].itertuples()
    return row


def test_a_cell_has_every_value_of_its_rows():
    rows = made_rows()
    cells = cells_of(rows)
    assert len(cells) == len(KERNELS) * len(SIZES)
    for row in rows.itertuples():
        if row.metric != "time_over_baseline":
            own = cell(cells, row.implementation, (row.n_samples, row.n_features))
            assert getattr(own, row.metric) == row.value or math.isnan(row.value)
    own = cell(cells, "fused", (1000, 10))
    assert own.time_low < own.time < own.time_high
    assert own.speed_up_low < own.speed_up < own.speed_up_high
    assert not cells.duplicated(KEY).any()


def test_the_order_of_rows_does_not_matter():
    rows = made_rows()
    shuffled = rows.sample(frac=1, random_state=1)
    pd.testing.assert_frame_equal(cells_of(rows), cells_of(shuffled))


def test_thread_settings_are_cells_of_their_own():
    rows = pd.concat([made_rows(), made_rows(threads="1")], ignore_index=True)
    assert len(cells_of(rows)) == 2 * len(cells_of(made_rows()))


def test_real_data_keep_their_name():
    rows = made_rows(sizes=SIZES[:1])
    rows = rows.assign(dataset="digits", n_samples=pd.NA, n_features=pd.NA)
    cells = cells_of(rows.astype({"n_samples": "Int64", "n_features": "Int64"}))
    assert set(cells["dataset"]) == {"digits"}
    assert set(cells["n_samples"]) == {0}


def test_a_cell_without_a_time_keeps_state_and_reason():
    rows = made_rows()
    gone = (rows["implementation"] == "fused") & (rows["n_samples"] == 10)
    rows.loc[gone, ["value", "low", "high"]] = math.nan
    rows.loc[gone, ["state", "reason"]] = ["failed", "it died"]
    own = cell(cells_of(rows), "fused", (10, 10))
    assert (own.state, own.reason, own.reasons) == ("failed", "it died", {})
    assert math.isnan(own.time)


def test_a_metric_without_a_value_keeps_its_own_reason():
    rows = made_rows()
    gone = (rows["implementation"] == "matrix") & (rows["metric"] == "break_even")
    rows.loc[gone, ["value", "state", "reason"]] = [math.nan, "skipped", "not faster"]
    assert cell(cells_of(rows), "matrix", (10, 10)).reasons == {"break_even": "not faster"}


@pytest.mark.parametrize(
    ("max_error", "names"),
    [
        (1e-12, {"matrix", "fused", "sklearn", "row_loop"}),
        (1e-6, set(KERNELS)),
        (1e-17, set()),
    ],
)
def test_what_is_exact(max_error, names):
    cells = cells_of(made_rows())
    assert set(cells.loc[is_exact(cells, max_error), "implementation"]) == names


def test_one_large_error_anywhere_counts_everywhere():
    rows = made_rows()
    where = (rows["implementation"] == "fused") & (rows["metric"] == "error")
    rows.loc[where & (rows["n_samples"] == 10), "value"] = 1e-3
    cells = cells_of(rows)
    assert "fused" not in set(cells.loc[is_exact(cells, 1e-12), "implementation"])


def verdict(name, size, **changed):
    cells = cells_of(made_rows())
    rows = (cells["implementation"] == name) & (cells["n_samples"] == size[0])
    rows &= cells["n_features"] == size[1]
    for column, value in changed.items():
        cells.loc[rows, column] = value
    (found,) = (v for v, wanted in zip(verdicts(cells, CACHES, 2), rows, strict=True) if wanted)
    return found


def test_verdicts_name_what_limits():
    assert verdict("row_loop", (100_000, 100)).limit == "interpreter"
    assert verdict("sklearn", (10, 10)).limit == "call overhead"
    at_roof = verdict("fused", (100_000, 100), roof_fraction=0.9)
    assert (at_roof.limit, "float32" in at_roof.help) == ("memory", True)
    twice = verdict("matrix", (100_000, 100), roof_fraction=0.45)
    assert (twice.limit, twice.help) == ("memory", "one pass instead of 2: up to 2.0x here")
    slow = verdict("fused", (100_000, 100), roof_fraction=0.2)
    assert slow.limit == "compute"
    assert "5.0x" in slow.help
    assert "one of 2 threads works" in slow.why


def test_what_has_no_time_has_no_verdict():
    assert verdict("fused", (10, 10), state="failed") is None


def test_levels():
    assert [level_of(n, CACHES) for n in (1, 32 << 10, 33 << 10, 2 << 20, 64 << 20)] == [
        *("L1 cache", "L1 cache", "L2 cache", "L3 cache", "memory"),
    ]
    assert level_of(1, {}) == "memory"
