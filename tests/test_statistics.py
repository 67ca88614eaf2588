"""Statistics of rounds, and the values that are made of them."""

from __future__ import annotations

import math
from dataclasses import replace
from statistics import median

import pytest
from asv_runner.statistics import compute_stats
from hypothesis import given
from hypothesis import strategies as st

from benchmarks._session import statistics
from benchmarks._session.inputs import Data
from benchmarks._session.journal import Cell
from benchmarks._session.measured import BASELINE, TWIN, Measured, Round
from benchmarks._session.process import Out
from benchmarks._session.statistics import Estimate, estimate, geometric_mean, student_interval
from benchmarks._session.values import FAULTS, METRICS, flag_of, state_of, values_of

# Intervals


@pytest.mark.parametrize(
    ("n_values", "low", "high"),
    # P(Binomial(n, 1/2) = 0) is 1/32 for 5 and 1/64 for 6: 2.5 % lies between them. Of 15,
    # P(at most 3) is 576/32768 = 1.8 %, P(at most 4) is 5.9 %; of 8, P(at most 1) is 3.5 %.
    [(6, 1, 6), (8, 1, 8), (15, 4, 12)],
)
def test_the_interval_lies_between_order_statistics(n_values, low, high):
    found = estimate([*range(n_values, 0, -1)])
    assert (found.low, found.high) == (low, high)
    assert found.value == (n_values + 1) / 2


@pytest.mark.parametrize("n_values", [1, 5])
def test_few_rounds_have_a_median_and_no_interval(n_values):
    found = estimate([2.0] * n_values, [*range(n_values)])
    assert found.value == 2
    assert math.isnan(found.low)
    assert math.isnan(found.high)


def test_no_rounds_have_nothing():
    assert all(map(math.isnan, vars(estimate([])).values()))


GENERATIONS = [0] * 6 + [1] * 6 + [2] * 6
STEADY = [1.0] * 6 + [1.1] * 6 + [1.21] * 6


def test_generations_that_differ_widen_the_interval():
    """Student's quantile of 2 degrees of freedom is 4.303; the logarithms are 0, a and 2 a."""
    found = estimate(STEADY, GENERATIONS)
    step = math.log(1.1)
    half = 4.303 * step / math.sqrt(3)
    assert found.value == pytest.approx(1.1)
    assert found.low == pytest.approx(math.exp(step - half), rel=1e-3)
    assert found.high == pytest.approx(math.exp(step + half), rel=1e-3)
    within = estimate(STEADY)
    assert found.low < within.low <= within.high < found.high


@pytest.mark.parametrize(
    "generations", [[0] * 18, [0] * 9 + [1] * 9, []], ids=["one", "two", "unknown"]
)
def test_fewer_than_three_generations_say_nothing_of_what_differs_between_them(generations):
    found = estimate(STEADY, generations)
    assert (found.low, found.high) == (1.0, 1.21)
    assert 1.0 < found.value < 1.21


def test_generations_that_agree_do_not_narrow_the_interval():
    values = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0] * 3
    assert estimate(values, GENERATIONS) == estimate(values)


@given(st.lists(st.floats(1e-9, 1e9), min_size=6, max_size=40), st.data())
def test_the_interval_holds_the_median_whatever_the_generations(values, data):
    numbers = st.lists(st.integers(0, 4), min_size=len(values), max_size=len(values))
    generations = data.draw(numbers)
    found = estimate(values, generations)
    within = estimate(values)
    assert found.value == median(statistics.medians(values, generations))
    assert found.low <= min(within.low, found.value)
    assert found.high >= max(within.high, found.value)


def test_an_interval_of_student_is_that_of_the_logarithms():
    low, high = student_interval([1.0, 2.0, 4.0])
    assert low * high == pytest.approx(4)  # around the geometric mean
    assert student_interval([1.0, 2.0, 4.0], 0.1)[1] < high
    assert student_interval([3.0] * 5) == (pytest.approx(3), pytest.approx(3))


def test_a_geometric_mean_cancels_twice_and_half():
    assert geometric_mean([2.0, 0.5]) == pytest.approx(1)
    assert geometric_mean([2.0, 8.0]) == pytest.approx(4)
    assert math.isnan(geometric_mean([]))


# What a session has measured


def made(seconds, n_generations=1, roof=2e9):
    """Rounds of 10 x 10 in float64."""
    n_rounds = max(map(len, seconds.values()))
    rounds = [
        Round(
            number * n_generations // n_rounds,
            {name: times[number] for name, times in seconds.items() if number < len(times)},
            {8: roof},
            dict.fromkeys(seconds, 1.5),
        )
        for number in range(n_rounds)
    ]
    info = {"bytes_per_value": 8, "passes": None, "peer": "", "limited": False, "rtol": 1e-12}
    infos = dict.fromkeys(seconds, info)
    costs = {name: {"prepare": 1e-6} for name in seconds}
    return Measured(Data("logistic", 10, 10), (10, 10), infos, costs, rounds)


def test_ratios_are_taken_within_a_round():
    """The ratio of the medians 4 and 1 would be 4; the rounds' own ratios are 1, 2 and 10."""
    found = made({"slow": [4.0, 2.0, 10.0] * 2, "fast": [4.0, 1.0, 1.0] * 2})
    assert found.ratio("slow", "fast") == Estimate(2, 1, 10)


def test_rounds_that_one_of_both_lacks_make_no_ratio():
    found = made({"slow": [4.0] * 7, "fast": [2.0] * 6})
    assert found.ratios("slow", "fast") == [2.0] * 6
    assert found.ratio("slow", "fast") == Estimate(2, 2, 2)


def test_who_is_out_has_no_time_though_rounds_hold_some():
    found = made({"slow": [4.0] * 6, "fast": [2.0] * 6})
    found.out["slow"] = Out("wrong", "why")
    assert found.timed == ["fast"]
    assert math.isnan(found.time("slow").value)
    assert math.isnan(found.ratio("fast", "slow").value)


def test_a_ratio_knows_its_generations():
    times = [1.0] * 6 + [1.2] * 6 + [1.4] * 6
    wide = made({"slow": times, "fast": [1.0] * 18}, n_generations=3).ratio("slow", "fast")
    assert wide == estimate(times, GENERATIONS)
    assert wide.high > 1.4


# Values


def cell(name="ours", **more):
    own = Cell(
        Data("logistic", 10, 10),
        name,
        "m1",
        "ok",
        "",
        "digest",
        "",
        1,
        costs={"error": 1e-16, "workspace": 80.0, "peak": 0.0, "prepare": 5e-6, "prepared": 0.0},
    )
    return replace(own, **more)


SECONDS = {BASELINE: [8e-6] * 6, "ours": [2e-6, 2e-6, 4e-6] * 2, TWIN: [8e-6] * 6}


@pytest.mark.parametrize("metric", ["time", "time_over_baseline"])
@given(st.lists(st.floats(1e-7, 1e3), min_size=1, max_size=30))
def test_a_value_is_what_asv_makes_of_its_samples(metric, times):
    """A generation of processes is one sample: asv's interval is of what differs between them."""
    seconds = {BASELINE: [1e-3] * len(times) * 3, "ours": times * 3}
    value = values_of(cell(), made(seconds, n_generations=3))[metric]
    result, _ = compute_stats(list(value.samples), 1)
    assert len(value.samples) == 3
    assert value.value == pytest.approx(result)


def test_values_of_rounds():
    values = values_of(cell(), made(SECONDS))
    assert {name: value.state for name, value in values.items()} == dict.fromkeys(METRICS, "ok")
    found = {name: value.value for name, value in values.items()}
    assert found["time"] == pytest.approx(2e-6)
    assert found["time_mean"] == pytest.approx(16e-6 / 6)
    assert found["time_p90"] == pytest.approx(4e-6)
    assert found["time_over_baseline"] == pytest.approx(1 / 4)
    assert found["speed_up"] == pytest.approx(4)
    assert (values["speed_up"].low, values["speed_up"].high) == pytest.approx((2, 4))
    assert found["read_roof"] == pytest.approx(2)  # GB/s
    # 8 * (100 + 10 + 20) bytes in 2 us are 0.52 GB/s.
    assert found["roof_fraction"] == pytest.approx(0.26)
    assert found["processors"] == 1.5
    # 4 us more to prepare, 6 us less in each call.
    assert found["break_even"] == 1
    assert found["error"] == 1e-16


def test_the_highest_speed_up_is_that_of_reading_x_once():
    found = made(SECONDS)
    assert found.roof_speed_up(8).value == pytest.approx(4 / 0.26)
    assert math.isnan(found.roof_speed_up(4).value)


def test_who_is_not_faster_never_breaks_even():
    values = values_of(cell(), made(SECONDS | {"ours": [9e-6] * 6}))
    assert values["break_even"].state == "skipped"
    assert values["break_even"].reason == "it is not faster than matrix"


def test_without_a_baseline_there_is_a_time_and_no_ratio():
    values = values_of(cell(), made({"ours": [2e-6] * 6}))
    assert values["time"].state == "ok"
    assert values["speed_up"].state == values["time_over_baseline"].state == "missing"


@pytest.mark.parametrize(
    ("word", "state"),
    [
        ("wrong", "wrong"),
        ("failed", "failed"),
        ("died", "failed"),
        ("too fast", "too fast"),
        ("too many threads", "too fast"),
        ("refused", "skipped"),
        ("skipped", "skipped"),
        ("unavailable", "skipped"),
        ("lacks memory", "skipped"),
    ],
)
def test_a_contender_that_is_out_has_a_reason_and_no_value(word, state):
    gone = cell(state=word, reason="why", costs={})
    values = values_of(gone, made({BASELINE: [8e-6] * 6}))
    assert {(value.state, value.reason) for value in values.values()} == {(state, "why")}
    assert all(math.isnan(value.value) for value in values.values())
    assert values.keys() >= set(METRICS)
    assert (state in FAULTS) == (state_of(word) not in ("ok", "skipped"))


def test_the_error_of_a_wrong_gradient_is_told():
    gone = cell(state="wrong", reason="why", costs={"error": 0.5})
    values = values_of(gone, made({BASELINE: [8e-6] * 6}))
    assert (values["error"].value, values["error"].state) == (0.5, "ok")
    assert values["time"].state == "wrong"


def test_trainings_have_values_or_reasons():
    trained = cell()
    trained.costs["final_loss/gd"] = 0.5
    trained.reasons["time_to_loss/gd"] = "too far"
    values = values_of(trained, made(SECONDS))
    assert values["final_loss/gd"].value == 0.5
    assert (values["time_to_loss/gd"].state, values["time_to_loss/gd"].reason) == (
        "skipped",
        "too far",
    )


def test_a_system_without_peaks_says_so():
    own = cell()
    del own.costs["peak"]
    assert values_of(own, made(SECONDS))["peak"].state == "skipped"


def test_two_openmp_runtimes_in_a_process_are_told():
    costs = cell().costs
    assert flag_of(cell(costs=costs | {"openmp": 1.0}), made(SECONDS)) == ""
    assert "two OpenMP" in flag_of(cell(costs=costs | {"openmp": 2.0}), made(SECONDS))


def test_a_baseline_far_from_its_twin_is_told_once_for_all():
    apart = SECONDS | {TWIN: [6e-6] * 6}
    assert "1.33 times as long as its own twin" in flag_of(cell(BASELINE), made(apart))
    assert flag_of(cell(), made(apart)) == ""
