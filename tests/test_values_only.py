"""asv's pages list what has values, and open with a view that shows some."""

from __future__ import annotations

import itertools
import json
import math
from types import SimpleNamespace

import pytest
from asv.graph import GraphSet
from asv.publishing import OutputPublisher

from scripts._measured.safe_pages import SafePages
from scripts._measured.values_only import ValuesOnly
from scripts._measured.views import MOST_SERIES, opening_view, place

PARAMS = [["'a'", "'matrix'", "'slow'", "'unwritten'"], ["10", "100", "1000"], ["1", "10"]]
NAMES = ["implementation", "n_samples", "n_features"]
FULL, EMPTY = "gradient.linear.track_time", "gradient.linear.track_error"
NAN = math.nan


def value(name, n, d):
    """Nothing at 1 feature but for one size, nothing of `unwritten`, and `slow` ends at 100."""
    if name == "'unwritten'" or (d == "1" and n != "10") or (name == "'slow'" and n == "1000"):
        return NAN
    return {"'a'": 1.0, "'matrix'": 2.0, "'slow'": 30.0}[name] * int(n) * int(d)


@pytest.fixture
def site(tmp_path):
    """Two benchmarks, of which one has no value, with the graphs that asv has written."""
    graphs = GraphSet()
    for machine in ("here", "there"):
        graph = graphs.get_graph(FULL, {"machine": machine, "branch": "HEAD"})
        graph.add_data_point(3, [NAN] * 24, [None] * 24)
        own = [value(*at) for at in itertools.product(*PARAMS)]
        graph.add_data_point(5 if machine == "there" else 4, own, [1.0] * 24)
        empty = graphs.get_graph(EMPTY, {"machine": machine, "branch": "HEAD"})
        empty.add_data_point(4, [NAN] * 24, [None] * 24)
    later = graphs.get_graph(FULL, {"machine": "idle", "branch": "HEAD"})
    later.add_data_point(9, [NAN] * 24, [None] * 24)
    graphs.detect_steps()
    graphs.save(str(tmp_path))
    common = {"params": PARAMS, "param_names": NAMES, "unit": "seconds", "code": "same"}
    benchmarks = {name: {"name": name, **common} for name in (EMPTY, FULL)}
    ValuesOnly.publish(SimpleNamespace(html_dir=str(tmp_path)), None, benchmarks, graphs, None)
    return SimpleNamespace(folder=tmp_path, graphs=graphs, benchmarks=benchmarks)


def test_a_benchmark_without_values_is_not_listed_and_has_no_file(site):
    assert list(site.benchmarks) == [FULL]
    assert {path.stem for path in site.folder.rglob("*.json")} == {FULL}


def test_values_of_parameters_without_a_value_are_not_listed(site):
    assert site.benchmarks[FULL]["params"] == [PARAMS[0][:3], PARAMS[1], PARAMS[2]]


def test_what_is_left_keeps_its_values(site):
    combinations = list(itertools.product(*site.benchmarks[FULL]["params"]))
    paths = list(site.folder.rglob("machine-*here/*.json"))
    assert len(paths) == 2
    for path in paths:
        ((_, row),) = json.loads(path.read_text())
        wanted = [value(*at) for at in combinations]
        assert [math.nan if each is None else each for each in row] == pytest.approx(
            wanted, nan_ok=True
        )


def test_steps_follow_their_series(site):
    for graph in site.graphs.get_graph_group(FULL)[:2]:
        for at, steps in zip(
            itertools.product(*site.benchmarks[FULL]["params"]), graph.get_steps(), strict=True
        ):
            assert [step[2] for step in steps] == [v for v in [value(*at)] if not math.isnan(v)]


def test_a_page_opens_where_most_values_are(site):
    assert site.benchmarks[FULL]["opening"] == {
        "x-axis": ["n_samples"],
        "p-implementation": ["'a'", "'matrix'"],
        "p-n_samples": ["1000"],
        "p-n_features": ["10"],
        "y-axis-scale": ["log"],
    }


def test_a_page_opens_with_the_series_that_was_measured_last(site):
    assert site.benchmarks[FULL]["series"] == {"machine": "there", "branch": "HEAD"}


def test_the_tooltip_tells_unit_and_parameters(site):
    told = site.benchmarks[FULL]["code"]
    assert told == f"{FULL}\nunit: seconds\nparameters: implementation, n_samples, n_features"


def test_few_series_are_the_baseline_and_those_with_the_least_values():
    names = [f"'i{number}'" for number in range(20)]
    values = {
        (name, n, "10"): 100.0 - rank if n == "1000" else float(rank)
        for rank, name in enumerate(names)
        for n in ("10", "1000")
    }
    values |= {("'matrix'", n, "10"): 1e9 for n in ("10", "1000")}
    shown = opening_view(NAMES, values)["p-implementation"]
    assert set(shown) == {"'matrix'", *names[-(MOST_SERIES - 1) :]}


def test_data_sets_are_compared_by_bars():
    names = ["implementation", "solver", "dataset"]
    values = {("'a'", "'gd'", "'x'"): 1.0, ("'a'", "'gd'", "'y'"): 1.0, ("'b'", "'gd'", "'y'"): 2.0}
    assert opening_view(names, values) == {
        "x-axis": ["implementation"],
        "p-implementation": ["'a'", "'b'"],
        "p-solver": ["'gd'"],
        "p-dataset": ["'y'"],
        "y-axis-scale": ["log"],
    }


def test_it_works_between_the_check_and_asvs_own_pages():
    others = {each for each in OutputPublisher.__subclasses__() if each.__module__[:3] == "asv"}
    assert SafePages.order < ValuesOnly.order < min(each.order for each in others)


def test_one_number_of_samples_is_a_place_for_bars():
    values = {("'a'", "1000", "10"): 1.0, ("'b'", "1000", "10"): 2.0}
    view = opening_view(NAMES, values)
    assert view["x-axis"] == ["implementation"]
    assert view["p-n_samples"] == ["1000"]


def test_benchmarks_stand_in_the_order_of_the_metrics(site):
    places = [place(f"gradient.linear.track_{metric}") for metric in ("time", "error", "epoch")]
    assert places == sorted(places)
    assert site.benchmarks[FULL]["place"] == places[0]


def test_more_values_count_before_a_later_place():
    values = {("'a'", n, "10"): 1.0 for n in ("10", "100")} | {("'a'", "10", "100"): 1.0}
    assert opening_view(NAMES, values)["p-n_features"] == ["10"]
