"""Speed-ups over another baseline, and the rows that a report is limited to."""

import re
from math import inf, isnan, nan

import pandas as pd
import pytest

from scripts._common.baseline import baseline_of, explain, paying_calls, relative_to
from scripts._common.errors import UserError
from scripts._common.selection import select

VALUES = {  # implementation: time, speed-up, preparation
    "matrix": (8e-3, 1.0, 0.0),
    "fused": (2e-3, 5.0, 0.010),
    "float32": (4e-3, 2.0, 0.002),
}


def row(metric, name, value, **more):
    return {
        "problem": "logistic", "implementation": name, "solver": "", "n_samples": 1000,
        "n_features": 10, "dataset": "", "metric": metric, "value": value,
        "low": value * 0.9, "high": value * 1.1, "state": "ok", "reason": "",
    } | more  # fmt: skip


def frame(**more):
    rows = []
    for name, (seconds, gain, prepare) in VALUES.items():
        rows += [row("time", name, seconds), row("speed_up", name, gain)]
        rows += [row("prepare", name, prepare), row("break_even", name, 77.0)]
    results = pd.DataFrame([each | more for each in rows])
    return results.astype({"n_samples": "Int64", "n_features": "Int64"})


def lose(results, metric, name, state="skipped", reason="gone"):
    at = (results["metric"] == metric) & (results["implementation"] == name)
    values = {"value": nan, "low": nan, "high": nan, "state": state, "reason": reason}
    results = results.copy()
    results.loc[at, list(values)] = list(values.values())
    return results


def cell(results, metric, name):
    at = (results["metric"] == metric) & (results["implementation"] == name)
    (found,) = results[at].itertuples()
    return found


DATA = pytest.mark.parametrize(
    "data",
    [{}, {"n_samples": None, "n_features": None, "dataset": "digits"}],
    ids=["drawn", "real"],
)


@DATA
def test_a_speed_up_is_the_ratio_of_two_that_are_paired(data):
    """The times alone would give 2."""
    found = cell(relative_to(frame(**data), "float32"), "speed_up", "fused")
    assert found.value == 2.5
    assert (found.low, found.high) == pytest.approx((2.5 * 0.9 / 1.1, 2.5 * 1.1 / 0.9))


@DATA
def test_without_pairs_a_speed_up_is_the_ratio_of_the_times(data):
    results = frame(**data)
    for name in VALUES:
        results = lose(results, "speed_up", name, "missing", "matrix has no time here")
    found = relative_to(results, "float32")
    assert cell(found, "speed_up", "fused").value == 2.0
    assert cell(found, "speed_up", "fused").state == "ok"
    assert "(3 of 3: the ratio of the median times" in explain(found)


def test_the_baseline_is_1_without_doubt():
    found = cell(relative_to(frame(), "float32"), "speed_up", "float32")
    assert (found.value, found.low, found.high) == (1.0, 1.0, 1.0)


def test_an_interval_without_bounds_stays_so():
    results = frame()
    results.loc[results["metric"] == "speed_up", ["low", "high"]] = -inf, inf
    found = cell(relative_to(results, "float32"), "speed_up", "fused")
    assert (found.low, found.high) == (0, inf)


@pytest.mark.parametrize("state", ["skipped", "failed", "wrong", "too fast"])
def test_what_has_no_time_keeps_its_reason(state):
    results = lose(lose(frame(), "time", "fused", state), "speed_up", "fused", state)
    found = cell(relative_to(results, "float32"), "speed_up", "fused")
    assert (found.state, found.reason) == (state, "gone")
    assert isnan(found.value)


@pytest.mark.parametrize("metric", ["speed_up", "break_even"])
def test_without_a_time_of_the_baseline_nothing_is_relative_to_it(metric):
    results = lose(lose(frame(), "time", "float32"), "speed_up", "float32")
    found = cell(relative_to(results, "float32"), metric, "fused")
    assert (found.state, found.reason) == ("missing", "float32 has no time here")


@pytest.mark.parametrize(("more", "calls"), [(-1e-3, 0), (0.0, 1), (7e-3, 4), (8e-3, 5), (9e-3, 5)])
def test_preparation_pays_from_the_first_call_after_which_less_is_spent(more, calls):
    """Of calls that take 2 ms less, 4 are even with 8 ms."""
    assert paying_calls(more, 2e-3) == calls


def test_preparation_pays_over_any_implementation():
    """8 ms more of preparation, 2 ms less of a call."""
    found = relative_to(frame(), "float32")
    assert cell(found, "break_even", "fused").value == 5.0
    slower = cell(found, "break_even", "matrix")
    assert (slower.state, slower.reason) == ("skipped", "it is not faster than float32")


def test_other_metrics_and_the_order_of_rows_stay():
    results = frame()
    found = relative_to(results, "float32")
    keys = ["metric", "implementation"]
    assert found[keys].equals(results[keys])
    times = results["metric"] == "time"
    assert found[times][results.columns].equals(results[times])


def test_the_baseline_of_the_measurement_changes_nothing():
    found = relative_to(frame(), "matrix")
    assert found[frame().columns].equals(frame())
    assert (baseline_of(found), explain(found)) == ("matrix", "")
    assert baseline_of(frame()) == "matrix"


def two_problems():
    other = frame(problem="linear")
    return pd.concat([frame(), other[other["implementation"] != "fused"]], ignore_index=True)


def names_of(results):
    return sorted({*zip(results["problem"], results["implementation"], strict=True)})


def test_a_selection_keeps_the_baseline():
    assert names_of(select(two_problems(), ["linear"], ["float32"], "matrix")) == [
        ("linear", "float32"),
        ("linear", "matrix"),
    ]
    assert names_of(select(two_problems(), ["logistic"], ["float32"], "fused")) == [
        ("logistic", "float32"),
        ("logistic", "fused"),
    ]
    assert select(two_problems(), [], [], "matrix").equals(two_problems())


@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        ((["linaer"], [], "matrix"), "no problem 'linaer'; did you mean linear?"),
        ((["linear"], ["fusd"], "matrix"), "no implementation 'fusd'"),
        ((["logistic"], [], "fusd"), "no implementation 'fusd'; did you mean fused?"),
        (([], [], "fused"), "no results for linear; add --problem logistic"),
    ],
)
def test_a_selection_of_what_is_not_there_is_refused(wanted, told):
    with pytest.raises(UserError, match=re.escape(told)):
        select(two_problems(), *wanted)
