"""Cells of the results, what counts as exact, and verdicts."""

from __future__ import annotations

import math

import pandas as pd
import pytest

from benchmarks._session.statistics import LEAST_BAND
from scripts._advice.cells import KEY, cells_of
from scripts._advice.verdict import level_of, verdicts
from scripts._common.chance import MOST_BAND
from scripts._common.fastest import is_exact, times_with_errors, winners, within
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


def test_an_error_counts_for_its_number_of_threads_alone():
    alone = made_rows(threads="1")
    alone.loc[alone["metric"] == "error", "value"] = 1e-3
    cells = cells_of(pd.concat([made_rows(), alone], ignore_index=True))
    exact = is_exact(cells, 1e-5)
    assert exact[cells["threads"] == "all"].all()
    assert not exact[cells["threads"] == "1"].any()


def test_who_has_no_measured_error_is_exact_nowhere():
    rows = made_rows()
    rows = rows[(rows["implementation"] != "fused") | (rows["metric"] != "error")]
    cells, times = cells_of(rows), times_with_errors(rows)
    names = {"matrix", "sklearn", "row_loop"}
    assert set(cells.loc[is_exact(cells, 1e-12), "implementation"]) == names
    assert set(within(times, 1e-12)["implementation"]) == names
    assert {winner.row.implementation for winner in winners(rows, 1e-12)} <= names


def bands(size, **chance):
    """Both bands of a cell at one size, and of one at another, where chance is 1 % to 3 %."""
    rows = made_rows()
    own = (rows["metric"] == "chance") & (rows["n_samples"] == size[0])
    rows.loc[own & (rows["n_features"] == size[1]), list(chance)] = list(chance.values())
    cells = cells_of(rows)
    found = [cell(cells, "fused", each) for each in (size, (1000, 10))]
    return [(each.chance_band, each.tie_band) for each in found]


def test_every_cell_of_a_size_has_the_bands_of_its_baseline():
    own, other = bands((10, 10), low=0.99, high=1.01)
    assert own == pytest.approx((1 / 0.99 - 1,) * 2)
    assert other == pytest.approx((1.01 * 1.02 - 1,) * 2)


@pytest.mark.parametrize(
    ("low", "high", "tie"), [(0.999, 1.001, LEAST_BAND), (0.7, 1.0, MOST_BAND)]
)
def test_the_band_of_a_tie_has_limits(low, high, tie):
    (chance, own), _ = bands((10, 10), low=low, high=high)
    assert (chance, own) == (pytest.approx(max(high, 1 / low) - 1), tie)


@pytest.mark.parametrize(
    "gone",
    [
        {"low": math.nan, "high": math.nan},
        {"low": -math.inf, "high": math.inf},
        {"value": math.nan, "state": "failed"},
    ],
)
def test_without_an_interval_chance_is_not_known(gone):
    (chance, tie), other = bands((10, 10), **gone)
    assert math.isnan(chance)
    assert tie == MOST_BAND
    assert other[0] == pytest.approx(1.01 * 1.02 - 1)


def verdict(name, size, sizes=SIZES, **changed):
    cells = cells_of(made_rows(sizes=sizes))
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
    assert slow.help == "threads; up to 5.0x until the read roof"
    assert "one of 2 threads works" in slow.why


@pytest.mark.parametrize(
    ("passes", "fraction", "why", "help_"),
    [
        ("1", 0.9, "90% of the read roof, in one pass", "only fewer bytes: up to 2x with float32"),
        ("?", 0.9, "90% of the read roof", "only fewer bytes: up to 2x with float32"),
        (
            *("2", 0.8, "X is read 2 times, at 160% of the read roof"),
            "one pass instead of 2: up to 1.2x here",
        ),
        (
            *("2", 1.1, "X is read 2 times, at 220% of the read roof"),
            "only fewer bytes: up to 2x with float32",
        ),
    ],
)
def test_a_verdict_at_the_roof_tells_the_passes_that_are_made(passes, fraction, why, help_):
    found = verdict("matrix", (100_000, 100), passes=passes, roof_fraction=fraction)
    assert (found.limit, found.why, found.help) == ("memory", why, help_)


def test_a_verdict_goes_by_the_threads_of_its_cell():
    rows = [made_rows(threads=threads) for threads in ("1", "4", "all")]
    cells = cells_of(pd.concat(rows, ignore_index=True)).assign(roof_fraction=0.2)
    cells["found"] = verdicts(cells, CACHES, 8)
    own = {each.threads: each for each in cells.itertuples() if each.time > 1e-3}
    why = "20% of the read roof"
    assert {threads: each.found.why for threads, each in own.items()} == {
        "1": why,
        "4": f"{why}; one of 4 threads works",
        "all": f"{why}; one of 8 threads works",
    }


def test_without_a_roof_the_help_ends_with_threads():
    found = verdict("fused", (100_000, 100), roof_fraction=math.nan)
    assert (found.why, found.help) == ("no roof measured; one of 2 threads works", "threads")


def test_one_size_does_not_tell_the_overhead_of_a_call():
    assert verdict("sklearn", (10, 10), sizes=SIZES[:1]).limit == "compute"
    assert verdict("sklearn", (10, 10), sizes=SIZES[:2]).limit == "call overhead"


def test_what_has_no_time_has_no_verdict():
    assert verdict("fused", (10, 10), state="failed") is None


def test_levels():
    assert [level_of(n, CACHES) for n in (1, 32 << 10, 33 << 10, 2 << 20, 64 << 20)] == [
        *("L1 cache", "L1 cache", "L2 cache", "L3 cache", "memory"),
    ]
    assert level_of(1, {}) == "memory"


def test_more_threads_that_take_longer_are_what_limits():
    one = made_rows(threads="1")
    one.loc[one["metric"] == "time", ["value", "low", "high"]] /= 2
    cells = cells_of(pd.concat([made_rows(), one], ignore_index=True))
    slow = (cells["implementation"] == "sklearn") & (cells["n_samples"] == 100_000)
    cells.loc[slow, "roof_fraction"] = 0.1
    found = [v for v, wanted in zip(verdicts(cells, CACHES, 2), slow, strict=True) if wanted]
    told = {
        (v.limit, v.help)
        for v, own in zip(found, cells[slow].itertuples(), strict=True)
        if own.threads == "all"
    }
    assert told == {("threads", "one thread")}
    assert all("2.0x the time of one thread" in v.why for v in found if v.limit == "threads")
    assert {
        v.limit
        for v, own in zip(found, cells[slow].itertuples(), strict=True)
        if own.threads == "1"
    } == {"compute"}
