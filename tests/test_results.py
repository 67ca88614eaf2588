"""Reading asv's results: states, valid and stale values, damaged files."""

from __future__ import annotations

import json
import math
import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scripts._common.errors import UserError
from scripts._measured import journal as _journal
from scripts._measured import results
from tests._recorded import COMMIT, DATA, ENVIRONMENT, Recorded


@pytest.fixture
def recorded(tmp_path, monkeypatch):
    return Recorded(tmp_path, monkeypatch)


def cell(frame, implementation, metric="time", n_samples=1000):
    rows = frame[(frame["implementation"] == implementation) & (frame["metric"] == metric)]
    (row,) = rows[rows["n_samples"] == n_samples].itertuples()
    return row


def test_columns_and_types(recorded):
    frame = results.load_results(recorded.state())
    assert list(frame.columns) == results.COLUMNS
    assert str(frame["n_samples"].dtype) == "Int64"
    assert set(frame["metric"]) >= {"time", "error", "workspace", "read_roof", "prepare"}
    assert not frame.duplicated(["implementation", "n_samples", "dataset", "metric"]).any()


def test_a_value_comes_with_its_interval_and_unit(recorded):
    row = cell(results.load_results(recorded.state()), "matrix")
    assert (row.state, row.value, row.low, row.unit) == ("ok", 7.6e-5, 7.5e-5, "seconds")
    assert math.isinf(row.high)


@pytest.mark.parametrize(
    ("implementation", "state", "reason"),
    [
        ("nested_loop", "skipped", "nested_loop takes too long above 5,000 elements"),
        ("numba_loop", "failed", "failed while it was measured; .asv/logs has the output"),
        ("float32", "wrong", "error 1.0e-03 of the sum of absolute terms, at most 2e-05 allowed"),
    ],
)
def test_states_have_reasons_and_no_value(recorded, implementation, state, reason):
    row = cell(results.load_results(recorded.state()), implementation)
    assert (row.state, row.reason) == (state, reason)
    assert math.isnan(row.value)


def test_the_memory_of_a_wrong_gradient_is_wrong_too(recorded):
    row = cell(results.load_results(recorded.state()), "float32", "workspace")
    assert row.state == "wrong"
    assert math.isnan(row.value)


def test_a_size_that_others_have_is_missing_not_absent(recorded):
    row = cell(results.load_results(recorded.state()), "matrix", "workspace")
    assert (row.state, row.reason) == ("missing", "not run")


def test_a_process_that_died_in_the_set_up_has_failed(recorded):
    some = json.loads(recorded.journal.read_text().splitlines()[0])
    started = {"cell": ["gradient", "logistic", "numba_loop", 1000, 10], "outcome": "started"}
    with recorded.journal.open("a") as journal:
        journal.write(json.dumps(some | started) + "\n")
    row = cell(results.load_results(recorded.state()), "numba_loop")
    assert (row.state, "died" in row.reason) == ("failed", True)


def test_data_sets_have_a_name_and_no_size(recorded):
    frame = results.load_results(recorded.state())
    real = frame[frame["dataset"] == "breast_cancer"]
    assert len(real)
    assert real["n_samples"].isna().all()


def test_cells_with_a_value_or_a_reason_are_known(recorded):
    known = results.known_cells(recorded.state(), "all")
    name = "gradient.logistic.time_gradient"
    assert f"{name}('matrix', 1000, 10)" in known
    assert f"{name}('nested_loop', 1000, 10)" in known
    assert f"{name}('numba_loop', 1000, 10)" not in known
    assert f"{name}('float32', 1000, 10)" not in known
    assert results.known_cells(recorded.state(), "1") == set()


def reason(recorded, implementation, metric="time"):
    """The reason why a recorded value is stale; empty if it is valid."""
    row = cell(results.load_results(recorded.state()), implementation, metric, 10)
    return "" if row.state == "ok" else row.reason


def test_an_edited_implementation_is_measured_again_and_no_other(recorded):
    recorded.write("impls/logistic/nested_loop.py", "import numpy  # edited")
    assert reason(recorded, "nested_loop") == (
        "not measured since impls/logistic/nested_loop.py has changed"
    )
    assert reason(recorded, "matrix") == ""
    known = results.known_cells(recorded.state(), "all")
    assert not any("nested_loop" in name for name in known)
    assert "gradient.logistic.time_gradient('matrix', 1000, 10)" in known


def test_what_an_implementation_imports_counts_and_what_others_import_does_not(recorded):
    recorded.write("impls/logistic/_sigmoid.py", "# edited")
    assert "_sigmoid.py has changed" in reason(recorded, "matrix")
    assert reason(recorded, "nested_loop") == ""


@pytest.mark.parametrize("file", ["impls/_checks.py", "impls/logistic/__init__.py"])
def test_nothing_holds_once_what_all_import_has_changed(recorded, file):
    recorded.write(file, "# edited")
    with pytest.raises(UserError, match=rf"out of date: not measured since {file} has changed"):
        results.load_results(recorded.state())


def test_an_edit_of_how_one_figure_is_measured_voids_that_figure_alone(recorded):
    recorded.write("benchmarks/accuracy.py", "from impls import _table  # edited")
    assert "benchmarks/accuracy.py has changed" in reason(recorded, "matrix", "error")
    assert reason(recorded, "matrix") == ""


def test_an_implementation_that_is_gone_is_not_listed(recorded):
    (recorded.root / "impls/logistic/numba_loop.py").unlink()
    assert "numba_loop" not in set(results.load_results(recorded.state())["implementation"])


def test_another_version_of_a_library_voids_what_uses_it(recorded):
    recorded.record_state(versions={"numba": "0.1"})
    assert "and was 0.1" in reason(recorded, "numba_loop")
    row = cell(results.load_results(recorded.state()), "matrix")
    assert (row.state, "numba" in row.versions, "numpy" in row.versions) == ("ok", False, True)


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"NUMBA_DISABLE_JIT": "1"}, "NUMBA_DISABLE_JIT is not set and was 1"),
        ({"processors": "999"}, "processors is [0-9]+ and was 999"),
        ({"processor": "another"}, "processor is .* and was another"),
    ],
)
def test_other_settings_are_other_results(recorded, changed, reason):
    recorded.record_state(settings=changed)
    with pytest.raises(UserError, match=reason):
        results.load_results(recorded.state())


def test_a_value_of_which_no_state_is_known_does_not_hold(recorded):
    recorded.journal.unlink()
    with pytest.raises(UserError, match="no record of the files and versions"):
        results.load_results(recorded.state())


def test_a_state_that_was_tampered_with_is_not_believed(recorded):
    (path,) = recorded.provenance.glob("*.json")
    path.write_text(path.read_text().replace("numpy", "humpy"))
    _journal.load_state.cache_clear()
    with pytest.raises(UserError, match="there is no record of the files"):
        results.load_results(recorded.state())


def test_values_hold_whatever_commit_they_are_filed_under(recorded):
    """A run of one implementation writes nulls and NaN for all others."""
    data = json.loads(recorded.path.read_text())
    column = data["result_columns"].index("result")
    name = "gradient.logistic.time_gradient"
    data["results"] = {name: data["results"][name]}
    row = data["results"][name]
    row[column] = [math.nan, math.nan, math.nan, math.nan, 5e-6, 6e-6, None, None]
    data["commit_hash"] = "a" * 40
    recorded.file("a" * 40, ENVIRONMENT).write_text(json.dumps(data))
    recorded.record_state("a" * 40)
    os.utime(recorded.path, (1, 1))
    frame = results.load_results(recorded.state())
    assert cell(frame, "numba_loop").value == 6e-6
    assert cell(frame, "matrix").value == 7.6e-5
    assert cell(frame, "nested_loop").state == "skipped"
    assert cell(frame, "matrix").commit == COMMIT[:8]


def test_a_stale_value_does_not_hide_one_that_holds(recorded):
    """The older file is valid; the newer one was measured with an edit that was reverted."""
    newer = recorded.file("a" * 40, ENVIRONMENT)
    newer.write_text(recorded.path.read_text().replace(COMMIT, "a" * 40))
    recorded.record_state("a" * 40, files={"impls/logistic/matrix.py": "0" * 40})
    os.utime(recorded.path, (1, 1))
    assert cell(results.load_results(recorded.state()), "matrix").state == "ok"


@pytest.mark.parametrize("commit", ["--output=FILE", "", "HEAD", "A" * 40, "a" * 39, None])
def test_a_file_whose_commit_is_no_hash_is_refused(recorded, tmp_path, commit):
    data = json.loads(recorded.path.read_text()) | {"commit_hash": commit}
    recorded.path.write_text(json.dumps(data))
    with pytest.raises(UserError, match=r"expected 40 hexadecimal digits; move the file away"):
        results.list_result_files()


def test_other_threads_are_other_results(recorded):
    with pytest.raises(UserError, match=r"with 1 threads"):
        results.load_results(recorded.state(), threads="1")


def test_no_results_yet(tmp_path, monkeypatch):
    monkeypatch.setattr(results, "FOLDER", tmp_path)
    with pytest.raises(UserError, match=r"no results yet; make some: python -m scripts.run"):
        results.list_result_files()


def test_another_machines_results_only(recorded, monkeypatch):
    monkeypatch.setattr(results, "machine_name", lambda: "mine")
    with pytest.raises(UserError, match=r"another machine only \(recorded\), this one is mine"):
        results.list_result_files()


def test_a_damaged_file_beside_a_good_one_is_left_aside_and_named(recorded, capsys):
    damaged = recorded.file("b" * 40, ENVIRONMENT)
    damaged.write_text("{")
    assert cell(results.load_results(recorded.state()), "matrix").state == "ok"
    assert f"left aside: the result file {damaged} is damaged" in capsys.readouterr().err
    assert damaged.read_text() == "{"


KEY = "gradient.logistic.time_gradient"
DAMAGES = {
    "env_vars is no mapping": lambda data: data.update(env_vars="--output=x"),
    "values are one number": lambda data: data["results"][KEY].__setitem__(0, 3.0),
    "a value is a text": lambda data: data["results"][KEY][0].__setitem__(0, "fast"),
    "parameters are a number": lambda data: data["results"][KEY].__setitem__(1, 10**400),
    "a parameter is a call": lambda data: data["results"][KEY][1][0].__setitem__(0, "exit()"),
    "a parameter is no text": lambda data: data["results"][KEY][1][0].__setitem__(0, "['x']"),
    "a parameter clears the screen": lambda data: data["results"][KEY][1][0].__setitem__(
        0, repr("\x1b[2J")
    ),
    "a size has no end": lambda data: data["results"][KEY][1][1].__setitem__(0, "9" * 400),
    "a result is a list of lists": lambda data: data["results"].update({KEY: [[["x"]]]}),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES)
def test_a_file_with_a_value_of_another_kind_is_left_aside_and_named(recorded, capsys, damage):
    data = json.loads(recorded.path.read_text()) | {"commit_hash": "b" * 40}
    damage(data)
    path = recorded.file("b" * 40, ENVIRONMENT)
    path.write_text(json.dumps(data))
    results._warn.cache_clear()
    assert cell(results.load_results(recorded.state()), "matrix").state == "ok"
    assert results.known_cells(recorded.state(), "all")
    assert f"left aside: the result file {path} is damaged" in capsys.readouterr().err


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(share=st.floats(0, 0.999))
def test_a_truncated_file_is_named_and_left_alone(recorded, share):
    whole = (DATA / "results.json").read_bytes()
    cut = whole[: int(len(whole) * share)]
    recorded.path.write_bytes(cut)
    with pytest.raises(
        UserError, match=r"is damaged .* puts the last complete copy back"
    ) as caught:
        results.load_results(recorded.state())
    assert str(recorded.path) in str(caught.value)
    assert recorded.path.read_bytes() == cut


def test_a_metric_that_nobody_has_stated_goes_by_the_name_of_its_method(recorded):
    text = recorded.path.read_text()
    recorded.path.write_text(text.replace("track_workspace", "track_novelty"))
    frame = results.load_results(recorded.state())
    assert "track_novelty" in set(frame["metric"])
    assert "novelty" in " ".join(results.known_cells(recorded.state(), "all"))


def test_benchmarks_of_another_suite_are_passed_over(recorded):
    data = json.loads(recorded.path.read_text())
    data["results"]["time_something"] = data["results"]["gradient.logistic.time_gradient"]
    recorded.path.write_text(json.dumps(data))
    assert cell(results.load_results(recorded.state()), "matrix").state == "ok"
