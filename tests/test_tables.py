"""The tables of a report: what they take from which metric, and what they say of absent values."""

import re
from math import inf, nan

import pandas as pd
import pytest

from scripts import _tables
from scripts._measured.results import COLUMNS
from scripts._tables._csv import to_csv

# What the report adds to the columns of the results.
TOLD = ["bytes_per_value", "rtol", "family"]
SIZE = (1000, 10)
SETS = pytest.mark.parametrize(
    ("place", "data"),
    [({}, "1,000 x 10"), ({"size": (None, None), "dataset": "digits"}, "digits")],
    ids=["drawn", "real"],
)
# Each state of a value, and whether a reason is told for it.
STATES = {"skipped": True, "failed": True, "wrong": True, "too fast": True, "missing": False}
# With a value elsewhere, so that its row is shown.
ELSEWHERE = {"size": (2000, 10)}


def row(metric, name, value, size=SIZE, **more):
    return {
        "problem": "logistic", "implementation": name, "solver": "", "n_samples": size[0],
        "n_features": size[1], "dataset": "", "metric": metric, "value": value, "low": nan,
        "high": nan, "unit": "", "state": "ok", "reason": "", "threads": "all", "commit": "c",
        "environment": "e", "measured": "m", "generations": 1, "rounds": 12,
        "versions": "v", "flag": "", "bytes_per_value": 8.0, "rtol": 1e-12, "family": "one pass",
    } | more  # fmt: skip


def frame(*rows):
    results = pd.DataFrame(list(rows))[[*COLUMNS, *TOLD]]
    return results.astype({"n_samples": "Int64", "n_features": "Int64"})


def render(table, *rows):
    return _tables.render(table, frame(*rows))


def section(page, title):
    """The text under the heading that starts so, up to the next one of the same rank."""
    marks = title.partition(" ")[0]
    below = page.split(f"\n{title}", 1)[1].partition("\n")[2]
    return re.split(rf"^{marks} ", below, maxsplit=1, flags=re.MULTILINE)[0]


def cells(text):
    """Cells of the tables' rows, without the lines below the headers."""
    lines = [line for line in text.splitlines() if line.startswith("|") and "--" not in line]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


# Noise.


def by_chance(*rows):
    """Cells of the table of chance, without its header."""
    return cells(section(render("noise", *rows), "## By chance"))[1:]


@SETS
def test_chance_has_its_interval_and_the_smallest_difference_seen(place, data):
    chance = row("chance", "matrix", 1.01, low=0.96, high=1.08, **place)
    (found,) = by_chance(row("time", "matrix", 1e-3, **place), chance)
    assert found == ["logistic", data, "1.01x", "0.960x", "1.08x", "8.0%"]


@pytest.mark.parametrize(("low", "high"), [(nan, nan), (-inf, inf)])
def test_chance_without_an_interval_shows_no_difference(low, high):
    (found,) = by_chance(row("chance", "matrix", 1.01, low=low, high=high))
    assert found[2:] == ["1.01x", "n/a", "n/a", "n/a"]


def test_chance_is_told_size_by_size():
    small, large = (
        row("chance", "matrix", value, size, low=value, high=value)
        for value, size in ((1.1, (10, 10)), (1.2, (2000, 10)))
    )
    assert [found[1:3] for found in by_chance(small, large)] == [
        ["10 x 10", "1.10x"],
        ["2,000 x 10", "1.20x"],
    ]


@pytest.mark.parametrize("state", STATES)
def test_without_a_twin_nothing_is_said_of_chance(state):
    page = render("noise", row("chance", "matrix", nan, state=state, reason="gone"))
    assert "Nothing was measured twice." in page
    assert by_chance(row("time", "matrix", 1e-3)) == []


@SETS
def test_flags_are_listed_with_their_reasons(place, data):
    steady = row("time", "steady", 1e-3, **place)
    shaken = [row(m, "shaken", 1e-3, flag="it drifts", **place) for m in ("time", "time_mean")]
    page = section(render("noise", steady, *shaken), "## Not to be trusted")
    assert cells(page)[1:] == [["shaken", "logistic", data, "it drifts"]]


def test_no_flags_are_told_in_words():
    """A cell that was not run has no flag at all."""
    rows = row("time", "fast", 1e-3), row("time", "new", nan, state="missing", flag=nan)
    page = section(render("noise", *rows), "## Not to be trusted")
    assert "Every time is as steady as its interval says." in page
    assert cells(page) == []


def test_mean_and_90th_percentile_are_over_the_median_of_the_same_cell():
    rows = [
        row(metric, name, value * factor, size)
        for name, factor in (("fast", 1e-3), ("matrix", 7e-3))
        for size in (SIZE, (10, 10))
        for metric, value in (
            ("time", 1.0 if size == SIZE else 5.0), ("time_mean", 1.2), ("time_p90", 1.5),
        )
    ]  # fmt: skip
    page = section(render("noise", *rows), "## Mean and 90th percentile")
    assert cells(page) == [
        ["", "10", "1,000"],
        ["fast", "0.240x, 0.300x", "1.20x, 1.50x"],
        ["matrix", "0.240x, 0.300x", "1.20x, 1.50x"],
    ]


def test_a_mean_without_a_median_has_no_ratio():
    lost = row("time", "fast", nan, state="missing")
    page = render("noise", row("time_mean", "fast", 1e-3), lost)
    assert ["fast", "n/a, n/a"] in cells(page)


def test_busy_processors_are_a_plain_number():
    page = render("noise", row("processors", "fast", 3.456))
    assert ["fast", "3.46"] in cells(section(page, "## CPU time over wall time"))


# Time.


def timed(name, seconds, speed_up=None, **place):
    """Time with an interval of 10 % and, unless None, the speed-up."""
    found = [row("time", name, seconds, low=0.9 * seconds, high=1.1 * seconds, **place)]
    if speed_up is not None:
        found.append(row("speed_up", name, speed_up, low=speed_up, high=speed_up, **place))
    return found


def time_cells(*rows):
    """Cells of all tables of times, the one of the fastest left out."""
    page = render("timing", *rows).partition("## Preparation")[0]
    return cells(page.partition("\n### ")[2])


@SETS
def test_the_speed_up_is_the_paired_one_and_not_the_ratio_of_the_times(place, data):
    rows = [*timed("matrix", 1e-3, 1.0, **place), *timed("fast", 5e-4, 3.0, **place)]
    rows += [row("error", name, 1e-16, **place) for name in ("matrix", "fast")]
    assert time_cells(*rows)[1:] == [
        ["fast", "500 us ±10%, 3.00x"],
        ["matrix", "1.00 ms ±10%, 1.00x"],
    ]
    header, winner = cells(section(render("timing", *rows), "## Fastest at each size"))[:2]
    assert header[1:5] == ["data", "exact to float64", "time", "speed-up"]
    assert winner[1:5] == [data, "fast", "500 us", "3.00x"]


def test_a_time_without_a_pair_has_no_speed_up():
    lost = row("speed_up", "fast", 2.0, state="missing", reason="not measured since")
    page = time_cells(*timed("matrix", 1e-3), *timed("fast", 5e-4), lost)
    assert ["fast", "500 us ±10%, n/a"] in page


@pytest.mark.parametrize(("low", "high"), [(nan, nan), (-inf, inf)])
def test_a_time_without_an_interval_shows_none(low, high):
    assert ["fast", "500 us, n/a"] in time_cells(row("time", "fast", 5e-4, low=low, high=high))


def test_the_speed_up_is_of_the_same_size():
    rows = [
        *timed("fast", 5e-4, 3.0, size=(10, 10)),
        *timed("fast", 5e-4, 4.0, size=SIZE),
        *timed("fast", 5e-4, 5.0, size=(10, 100)),
    ]
    shown = [cell.partition(", ")[2] for name, *own in time_cells(*rows) for cell in own if name]
    assert shown == ["3.00x", "4.00x", "5.00x"]


def test_a_preparation_that_pays_tells_its_calls():
    reason = "it is not faster than matrix"
    page = render(
        "timing",
        *timed("fast", 5e-4, 2.0),
        row("break_even", "fast", 1234.0),
        row("break_even", "at_once", 0.0),
        row("break_even", "slow", nan, state="skipped", reason=reason),
        row("prepare", "fast", 0.25),
    )
    calls = section(page, "## Calls from which preparation pays")
    assert cells(calls)[1:] == [["at_once", "0"], ["fast", "1,234"]]
    assert f"- skipped throughout: slow ({reason})" in calls
    assert cells(section(page, "## Preparation, once per data set"))[1:] == [["fast", "250 ms"]]


# Memory.


@pytest.mark.parametrize(
    ("metric", "title"),
    [
        ("workspace", "## Workspace: bytes that one call allocates, its result included"),
        ("peak", "## Growth of the process: resident memory that one call adds at its peak"),
        ("prepared", "## Bytes that preparation keeps beside the data"),
    ],
)
def test_memory_has_a_section_per_metric(metric, title):
    values = {"workspace": 8000.0, "peak": 5e6, "prepared": 0.0}
    shown = {"workspace": "8.00 kB", "peak": "5.00 MB", "prepared": "0 B"}
    page = render("memory", *(row(each, "fast", value) for each, value in values.items()))
    assert cells(section(page, title)) == [["", "1,000"], ["fast", shown[metric]]]


# States.


@pytest.mark.parametrize("state", STATES)
def test_the_legend_says_what_a_state_means(state):
    page = render("memory", row("workspace", "fast", 8.0))
    assert f"`{state}`: " in page.strip().splitlines()[-1]


@pytest.mark.parametrize(("state", "told"), STATES.items())
def test_an_absent_value_is_its_state_with_a_numbered_reason(state, told):
    """The value is left out even if there is one."""
    absent = row("time", "fast", 5e-4, state=state, reason="because of this")
    page = render("timing", absent, row("time", "fast", 3e-4, **ELSEWHERE))
    assert ["fast", f"{state} [1]" if told else state, "300 us, n/a"] in cells(page)
    assert ("1. because of this" in page) == told
    assert "500 us" not in page


def test_equal_reasons_share_a_number():
    reasons = {"a": "no memory", "b": "too slow", "c": "no memory"}
    rows = [row("time", n, nan, state="skipped", reason=why) for n, why in reasons.items()]
    rows += [row("time", name, 1e-3, **ELSEWHERE) for name in reasons]
    page = render("timing", *rows)
    assert [own[1] for own in time_cells(*rows)[1:]] == [f"skipped [{n}]" for n in (1, 2, 1)]
    assert "1. no memory\n2. too slow\n" in page


def test_what_is_skipped_throughout_has_a_line_and_no_row():
    rows = [
        row("time", name, nan, size, state="skipped", reason=f"{why} of {size[0]}")
        for name, why in {"b": "no jax", "a": "no jax", "c": "no torch"}.items()
        for size in ((2000, 10), SIZE)
    ]
    page = render("timing", row("time", "fast", 1e-3), *rows)
    assert [own[0] for own in time_cells(row("time", "fast", 1e-3), *rows)] == ["", "fast"]
    assert "\n- skipped throughout: a, b (no jax of 1000)\n" in page
    assert "\n- skipped throughout: c (no torch of 1000)\n" in page


@pytest.mark.parametrize("table", ["timing", "training"])
def test_a_page_names_the_baseline_of_its_speed_ups(table):
    rows = frame(*(row(m, n, 1e-3, solver=s) for m, s in (("time", ""), ("epoch", "gd"))
                   for n in ("fast", "slow")))  # fmt: skip
    page = _tables.render(table, rows.assign(baseline="slow", compared=""))
    assert "`slow`" in page or "over slow" in page
    assert "`matrix`" not in page


def test_csv_has_six_digits_and_no_column_that_names_the_machine():
    text = to_csv(frame(row("time", "fast", 1.23456789e-3, environment="a_path")))
    assert "0.00123457," in text
    assert "a_path" not in text


@pytest.mark.parametrize("table", _tables.names("results"))
def test_a_page_has_a_sentence(table):
    assert re.fullmatch(r"[A-Z].{20,}\.", _tables.sentence(table))
