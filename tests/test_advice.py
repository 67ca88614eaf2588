"""Advice for a shape: the mesh, the estimates, the ranking and its reasons."""

from __future__ import annotations

import itertools
import json
import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks._session.inputs import Data
from benchmarks._session.measured import Measured, Round
from benchmarks._session.statistics import LEAST_BAND
from scripts._advice import answer, ranking, trial
from scripts._advice.advice import Question, advise, measured_sizes, smallest_error
from scripts._advice.cells import cells_of
from scripts._advice.mesh import BETWEEN, MEASURED, OUTSIDE, mesh_of
from scripts._advice.ranking import Choice, rank
from scripts._common.chance import MOST_BAND
from tests._rows import KERNELS, SIZES, made_rows

CELLS = cells_of(made_rows())
MESH = mesh_of(SIZES)
numbers = st.integers(1, 10**6)
some_sizes = st.lists(st.tuples(numbers, numbers), min_size=1, max_size=12)
inside = st.tuples(st.integers(10, 100_000), st.integers(10, 100))


def ask(n_samples=500, n_features=50, cells=CELLS, **given):
    return advise(cells, mesh_of(measured_sizes(cells)), Question(n_samples, n_features, **given))


def names(advice):
    return [choice.implementation for choice in advice.choices]


def changed(name, size=None, **columns):
    """The cells with other values of an implementation, at one size or at all."""
    cells = CELLS.copy()
    rows = cells["implementation"] == name
    if size:
        rows &= (cells["n_samples"] == size[0]) & (cells["n_features"] == size[1])
    for column, value in columns.items():
        cells.loc[rows, column] = value
    return cells


@given(some_sizes)
def test_a_measured_size_is_its_own_corner(sizes):
    mesh = mesh_of(sizes)
    for n, d in sizes:
        place = mesh.place(n, d)
        assert (place.kind, place.shares, place.factor) == (MEASURED, (1.0,), 1.0)
        assert mesh.sizes[place.corners[0]] == (n, d)


@given(some_sizes, st.data())
def test_the_mesh_covers_its_hull(sizes, data):
    """Every weighted mean of three sizes is inside, and its place leads back to it."""
    mesh = mesh_of(sizes)
    corners = data.draw(st.lists(st.sampled_from(mesh.sizes), min_size=3, max_size=3))
    weights = data.draw(st.lists(st.integers(1, 100), min_size=3, max_size=3))
    point = tuple(
        sum(w * math.log10(c[axis]) for w, c in zip(weights, corners, strict=True)) / sum(weights)
        for axis in (0, 1)
    )
    place = mesh.place(*(10**x for x in point))
    assert place.kind in (MEASURED, BETWEEN)
    assert sum(place.shares) == pytest.approx(1)
    assert min(place.shares) > 0
    for axis in (0, 1):
        own = [math.log10(mesh.sizes[corner][axis]) for corner in place.corners]
        mean = sum(s * x for s, x in zip(place.shares, own, strict=True))
        assert mean == pytest.approx(point[axis], abs=1e-6)


@given(some_sizes, st.randoms())
def test_the_order_of_the_sizes_does_not_matter(sizes, random):
    other = [*sizes, sizes[0]]
    random.shuffle(other)
    assert mesh_of(other) == mesh_of(sizes)


@pytest.mark.parametrize(
    ("sizes", "shape", "kind", "corners"),
    [
        ([(10, 10)], (100, 10), OUTSIDE, {(10, 10)}),
        ([(10, 10), (1000, 10)], (100, 10), BETWEEN, {(10, 10), (1000, 10)}),
        ([(10, 10), (1000, 10)], (100, 20), OUTSIDE, {(10, 10), (1000, 10)}),
        ([(10, 1), (100, 10), (1000, 100)], (300, 30), BETWEEN, {(100, 10), (1000, 100)}),
        ([(10, 10), (1000, 10)], (10_000, 10), OUTSIDE, {(1000, 10)}),
    ],
)
def test_sizes_on_one_line_have_a_place_for_every_shape(sizes, shape, kind, corners):
    mesh = mesh_of(sizes)
    assert mesh.triangles == ()
    place = mesh.place(*shape)
    assert place.kind == kind
    assert {mesh.sizes[corner] for corner in place.corners} == corners


def test_outside_the_nearest_point_of_the_hull_counts():
    place = MESH.place(300_000, 31)
    assert place.kind == OUTSIDE
    assert place.factor == pytest.approx(3)
    shares = {MESH.sizes[c]: s for c, s in zip(place.corners, place.shares, strict=True)}
    assert shares == pytest.approx({(100_000, 10): 0.509, (100_000, 100): 0.491}, abs=1e-3)
    assert MESH.place(10, 2).factor == pytest.approx(5)


def test_squares_are_cut_along_equal_products():
    mesh = mesh_of(itertools.product((10, 100, 1000), (10, 100, 1000)))
    sides = {
        (mesh.sizes[a], mesh.sizes[b])
        for t in mesh.triangles
        for a, b in itertools.combinations(t, 2)
    }
    cuts = [(a, b) for a, b in sides if a[0] != b[0] and a[1] != b[1]]
    assert len(cuts) == 4
    assert all(math.prod(a) == math.prod(b) for a, b in cuts)


def test_a_mesh_of_no_sizes_is_refused():
    with pytest.raises(ValueError, match="at least one size"):
        mesh_of([])


@pytest.mark.parametrize("size", SIZES)
def test_at_a_measured_size_the_advice_is_what_was_measured(size):
    advice = ask(*size)
    assert advice.kind == MEASURED
    own = CELLS[(CELLS["n_samples"] == size[0]) & (CELLS["n_features"] == size[1])]
    for choice in advice.choices:
        (row,) = own[own["implementation"] == choice.implementation].itertuples()
        known = (row.time, row.time_low, row.time_high, row.speed_up, row.prepare, row.workspace)
        found = (choice.seconds, choice.low, choice.high, choice.speed_up, choice.prepare)
        assert (*found, choice.workspace) == known
        assert choice.error == row.error


@given(inside)
def test_estimates_lie_between_those_of_the_corners(shape):
    advice = ask(*shape)
    assert advice.kind in (MEASURED, BETWEEN)
    at_corners = [
        {choice.implementation: choice for choice in ask(*size).choices} for size in advice.sizes
    ]
    for choice in advice.choices:
        for field in ("seconds", "low", "high", "speed_up", "prepare", "workspace", "error"):
            own = [getattr(each[choice.implementation], field) for each in at_corners]
            assert min(own) <= getattr(choice, field) <= max(own)


def test_halfway_in_logarithms_is_the_geometric_mean():
    (at, other), middle = [(10, 10), (1000, 10)], ask(100, 10)
    ends = [ask(*size).choices[0].seconds for size in (at, other)]
    assert set(middle.sizes) == {at, other}
    assert middle.choices[0].seconds == pytest.approx(math.sqrt(ends[0] * ends[1]))


@given(inside, st.randoms())
def test_the_order_of_rows_does_not_matter(shape, random):
    order = list(range(len(CELLS)))
    random.shuffle(order)
    assert ask(*shape, cells=CELLS.iloc[order]) == ask(*shape)


def test_outside_times_grow_with_x_and_do_not_shrink():
    edge, larger, smaller = ask(100_000, 100), ask(300_000, 200), ask(5, 5)
    assert larger.kind == smaller.kind == OUTSIDE
    assert larger.choices[0].seconds == pytest.approx(6 * edge.choices[0].seconds)
    assert larger.choices[0].speed_up == edge.choices[0].speed_up
    assert smaller.choices[0].seconds == ask(10, 10).choices[0].seconds


def test_the_exact_are_ranked_by_time_and_the_rougher_is_named():
    advice = ask(100_000, 100)
    assert names(advice) == ["fused", "sklearn", "matrix", "row_loop"]
    assert advice.left_out == {"fused_float32": "has an error of up to 1.00e-07"}
    assert advice.rougher.implementation == "fused_float32"
    assert ask(10, 10).rougher is None  # it is no faster there


def test_a_looser_error_lets_the_rougher_in():
    assert names(ask(100_000, 100, max_error=1e-5))[0] == "fused_float32"


def test_what_promises_too_little_is_left_out():
    advice = ask(cells=changed("fused", rtol=1e-6))
    assert advice.left_out["fused"] == "states a tolerance of 1.00e-06"


def test_an_error_that_was_not_measured_is_told_as_such():
    advice = ask(cells=changed("fused", worst=math.nan))
    assert advice.left_out["fused"] == "its error was not measured"


@pytest.mark.parametrize(
    ("given", "out", "reason"),
    [
        ({"bytes_per_value": 4, "max_error": 1e-5}, "fused", "works with 8 bytes per value"),
        ({"libraries": False}, "sklearn", "needs a library besides NumPy and numba"),
        ({"max_workspace": 1000.0}, "fused", "allocates 4.00 kB per call"),
    ],
)
def test_what_is_not_wanted_keeps_its_reason(given, out, reason):
    assert ask(**given).left_out[out] == reason


def test_a_corner_without_a_time_leaves_an_implementation_out():
    gone = changed("fused", (1000, 100), state="failed", reason="died", time=math.nan)
    assert ask(1000, 100, gone).left_out["fused"] == "failed at 1,000 x 100: died"
    assert "fused" in ask(999, 100, gone).left_out
    assert "fused" in names(ask(999, 10, gone))  # that corner does not count there


def test_a_size_that_was_never_tried_leaves_an_implementation_out():
    rows = (CELLS["implementation"] == "fused") & (CELLS["n_samples"] == 1000)
    advice = ask(1000, 10, CELLS[~rows])
    assert advice.left_out["fused"] == "not measured at 1,000 x 10"


def by_chance(chance, size=None):
    """The cells, where equal implementations differ by so much at one size or at all."""
    rows = made_rows()
    own = rows["metric"] == "chance"
    if size:
        own &= (rows["n_samples"] == size[0]) & (rows["n_features"] == size[1])
    rows.loc[own, ["value", "low", "high"]] = 1 + chance
    return cells_of(rows)


def test_the_band_is_the_largest_of_the_corners():
    assert ask(100, 10).band == pytest.approx(1.01 * 1.02 - 1)
    assert ask(100, 10, by_chance(0.04, (1000, 10))).band == pytest.approx(0.04)
    assert ask(100, 10, by_chance(0.04, (1000, 100))).band == pytest.approx(1.01 * 1.02 - 1)


@pytest.mark.parametrize(
    ("chance", "band", "told"),
    [
        (0.02, 0.02, ("2.0% of each other are a tie: ", " differ by up to 2.0% here.")),
        (0.001, LEAST_BAND, ("0.5% of each other are a tie: ", " differ by up to 0.1% here.")),
        (
            0.4,
            MOST_BAND,
            ("5.0% of each", "up to 40.0% here; a larger difference than 5% is never"),
        ),
        (
            math.nan,
            MOST_BAND,
            ("5.0% of each other are taken", "what chance does is not known here."),
        ),
    ],
)
def test_the_text_says_where_the_band_comes_from(chance, band, told):
    advice = ask(cells=by_chance(chance))
    assert advice.band == pytest.approx(band)
    text = answer.text_of(advice, Question(500, 50), "")
    assert f"Times within {told[0]}" in text
    assert told[1] in text


def test_what_was_never_run_says_nothing_of_chance():
    rows = made_rows()
    rows.loc[rows["implementation"] == "sklearn", ["value", "state", "threads"]] = [
        *(math.nan, "missing", math.nan),
    ]
    assert ask(100, 10, cells_of(rows)).chance == ask(100, 10).chance


def test_chance_is_not_known_if_it_is_not_at_one_corner():
    advice = ask(100, 10, by_chance(math.nan, (1000, 10)))
    assert math.isnan(advice.chance)
    assert advice.band == MOST_BAND


def choice(name, seconds, prepare=0.0, workspace=100.0, family="one pass"):
    rest = (seconds, seconds, 1.0, prepare, workspace, 1e-16, family, 8.0)
    return Choice(name, seconds, *rest)


def test_a_tie_goes_to_what_needs_no_library_then_to_the_leaner():
    tied = [
        choice("jax", 1.0, 0.0, 9.0, "libraries"),
        choice("a", 1.02),
        choice("b", 1.01, 0.0, 50.0),
    ]
    found = rank([*tied, choice("slow", 1.03)], 0.025, None)
    assert [each.implementation for each in found] == ["b", "a", "jax", "slow"]
    assert found[0].reason == "a tie with jax within 1.0%, needs no further library"
    assert found[2].reason == "1.0% faster than b, which is a tie"
    assert found[3].reason == "1.0x the time of b"


def test_beyond_the_band_time_alone_counts():
    found = rank([choice("jax", 1.0, family="libraries"), choice("a", 1.02)], 0.01, None)
    assert [each.implementation for each in found] == ["jax", "a"]
    assert found[0].reason == "fastest"


def test_preparation_counts_where_calls_are_given():
    pair = [choice("quick", 1.0, prepare=10.0), choice("ready", 2.0)]
    assert rank(pair, 0.01, None)[0].implementation == "quick"
    assert rank(pair, 0.01, 9)[0].implementation == "ready"
    assert rank(pair, 0.01, 11)[0].implementation == "quick"
    assert rank(pair, 0.01, 9)[1].reason.endswith(
        "time and preparation of ready, pays from 11 calls on"
    )


@given(st.integers(1, 100), st.integers(0, 1000))
def test_from_the_break_even_on_a_choice_costs_less(gain, prepare):
    quick, ready = choice("quick", 100.0, float(prepare)), choice("ready", 100.0 + gain)
    calls = ranking.break_even(quick, ready)
    assert quick.cost(calls) < ready.cost(calls)
    assert calls == 1 or not quick.cost(calls - 1) < ready.cost(calls - 1)
    assert ranking.break_even(ready, quick) == 0


def test_the_fastest_says_from_when_on_its_preparation_pays():
    found = rank([choice("quick", 1.0, prepare=10.0), choice("matrix", 2.0)], 0.01, None)
    assert found[0].reason == "fastest, pays over matrix from 11 calls on"


def test_the_most_exact_is_named():
    assert smallest_error(CELLS) == ("matrix", 1e-16)


def test_the_text_tells_what_it_comes_from():
    question = Question(500, 50)
    text = answer.text_of(ask(), question, "measure 500 50")
    assert "Interpolated between the measured sizes 10 x " in text
    assert text.endswith("To measure this very size: measure 500 50")
    assert "To measure" not in answer.text_of(ask(10, 10), Question(10, 10), "measure")
    far = answer.text_of(ask(200_000, 100), Question(200_000, 100), "measure")
    assert "Extrapolated from 100,000 x 100, 2.0x away" in far
    assert "(--max-error 1e-05)" in far


def test_what_is_not_shown_need_not_be_slower():
    kernels = {f"{KERNELS['fused'][0]} {i}": KERNELS["fused"] for i in range(6)}
    cells = cells_of(made_rows({"matrix": KERNELS["matrix"], **kernels}))
    text = answer.text_of(ask(1000, 100, cells), Question(1000, 100), "")
    assert "2 more are not shown and 0 are left out" in text


def test_a_flag_is_shown():
    text = answer.text_of(ask(cells=changed("fused", flag="odd")), Question(500, 50), "")
    assert "fused *" in text
    assert "* fused: odd" in text


def test_plain_data_have_no_nan():
    record = answer.record_of(ask(cells=changed("fused", time_low=math.nan)), Question(500, 50))
    text = json.dumps(record, allow_nan=False)
    assert json.loads(text)["choices"][0]["low"] is None
    assert json.loads(text)["left_out"] == {"fused_float32": "has an error of up to 1.00e-07"}


def test_plain_data_hold_the_question():
    question = Question(500, 50, 1e-5, calls=7, bytes_per_value=4, libraries=False)
    record = answer.record_of(advise(CELLS, MESH, question), question)
    told = {"n_samples": 500, "n_features": 50, "dtype": "float32", "max_error": 1e-5, "calls": 7}
    assert record | told == record
    assert (record["libraries"], record["max_workspace"]) == (False, None)
    room = replace(question, max_workspace=1e6, bytes_per_value=None)
    record = answer.record_of(advise(CELLS, MESH, room), room)
    assert (record["dtype"], record["max_workspace"]) == ("any", 1e6)


@given(st.integers(0, 2**31), st.integers(1, 20))
def test_shapes_of_a_trial_are_inside_and_repeat_with_the_seed(seed, count):
    shapes = trial.draw_shapes(MESH, count, seed)
    assert len(set(shapes)) == count
    assert shapes == trial.draw_shapes(MESH, count, seed)
    assert all(MESH.place(*shape).kind != OUTSIDE for shape in shapes)


def test_a_trial_of_a_single_size_ends():
    assert trial.draw_shapes(mesh_of([(10, 10)]), 3, 0) == [(10, 10)]


def test_shapes_that_are_not_tried_are_counted():
    assert trial.missing(5, 5, 5) == []
    assert trial.missing(5, 4, 2) == [
        "1 of 5 shapes not tried: the measured sizes enclose no more",
        "2 of 5 shapes not tried: nothing can be advised there",
    ]


def test_a_trial_leaves_out_who_has_no_chance():
    assert trial.contenders(ask(100_000, 100)) == ("fused", "sklearn", "matrix")


def judged(*rounds):
    measured = Measured(Data("logistic", 10, 10), (10, 10))
    measured.rounds = [Round(0, each, {}, {}) for each in rounds]
    return trial.judge(("a", "b", "c"), measured)


def test_a_trial_compares_within_the_rounds():
    """b is the faster in most rounds, though the median of all its times is not the lesser."""
    found = judged({"a": 1.0, "b": 0.5}, {"a": 4.0, "b": 2.0}, {"a": 2.0, "b": 3.0})
    assert (found.advised, found.best, found.ratio) == ("a", "b", 2.0)
    assert judged({"a": 1.0, "b": 1.5}).ratio == 1.0
    assert math.isnan(judged({"b": 1.0}).ratio)


def test_the_summary_counts_and_lists_those_that_are_far():
    found = [trial.Trial(f"{n} x 1", "a", "b", ratio) for n, ratio in enumerate((1.0, 1.1, 1.25))]
    *far, last = trial.summary([*found, trial.Trial("9 x 1", "a", "", math.nan)])
    assert far == ["a has no time at 9 x 1", "2 x 1: a takes 1.25x the time of b"]
    assert "within 10% of the best at 2 of 3 shapes (66.7%); the worst takes 1.25x" in last
    assert trial.summary([]) == ["No shape could be measured."]


def test_every_kernel_is_ranked_or_left_out():
    for size in itertools.product((3, 500, 5000, 700_000), (3, 30, 900)):
        advice = ask(*size)
        assert {*names(advice), *advice.left_out} == set(KERNELS)
        assert replace(advice, rougher=None).choices


def test_a_difference_that_chance_makes_too_is_told():
    pair = [choice("one", 1.0), choice("two", 1.2)]
    assert rank(pair, 0.01, None, 0.3)[1].reason.startswith("1.2x the time of one, within chance")
    for told in (rank(pair, 0.01, None, 0.1), rank(pair, 0.01, None)):
        assert "chance" not in told[1].reason
