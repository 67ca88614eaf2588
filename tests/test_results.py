"""Reading asv's results: the states, what holds for which commit, and damaged files."""

from __future__ import annotations

import json
import math
import os
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scripts import _results
from scripts._errors import UserError

DATA = Path(__file__).parent / "data"
COMMIT = json.loads((DATA / "results.json").read_text())["commit_hash"]
ENVIRONMENT = "existing-py3.11-GRADMARK_THREADSall"


@pytest.fixture
def recorded(tmp_path, monkeypatch):
    """A results folder with the recorded file, as this machine's."""
    monkeypatch.setattr(_results, "FOLDER", tmp_path / "results")
    monkeypatch.setattr(_results, "JOURNAL", tmp_path / "journal")
    monkeypatch.setattr(_results, "machine_name", lambda: "recorded")
    machine = tmp_path / "results" / "recorded"
    machine.mkdir(parents=True)
    (machine / "machine.json").write_text('{"machine": "recorded", "version": 1}')
    path = machine / f"{COMMIT[:8]}-{ENVIRONMENT}.json"
    shutil.copy(DATA / "results.json", path)
    (tmp_path / "journal").mkdir()
    shutil.copy(DATA / "journal.jsonl", tmp_path / "journal" / f"{COMMIT[:8]}-{ENVIRONMENT}.jsonl")
    return path


def cell(frame, implementation, metric="time", n_samples=1000):
    rows = frame[(frame["implementation"] == implementation) & (frame["metric"] == metric)]
    (row,) = rows[rows["n_samples"] == n_samples].itertuples()
    return row


def test_columns_and_types(recorded):
    frame = _results.load(COMMIT)
    assert list(frame.columns) == _results.COLUMNS
    assert str(frame["n_samples"].dtype) == "Int64"
    assert set(frame["metric"]) >= {"time", "error", "workspace", "read_roof", "prepare"}
    assert not frame.duplicated(["implementation", "n_samples", "dataset", "metric"]).any()


def test_a_value_comes_with_its_interval_and_unit(recorded):
    row = cell(_results.load(COMMIT), "matrix")
    assert (row.state, row.value, row.low, row.unit) == ("ok", 7.6e-5, 7.5e-5, "s")
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
    row = cell(_results.load(COMMIT), implementation)
    assert (row.state, row.reason) == (state, reason)
    assert math.isnan(row.value)


def test_the_memory_of_a_wrong_gradient_is_wrong_too(recorded):
    row = cell(_results.load(COMMIT), "float32", "workspace")
    assert row.state == "wrong"
    assert math.isnan(row.value)


def test_a_size_that_others_have_is_missing_not_absent(recorded):
    row = cell(_results.load(COMMIT), "matrix", "workspace")
    assert (row.state, row.reason) == ("missing", "not run")


def test_a_process_that_died_in_the_set_up_has_failed(recorded):
    journal = _results.JOURNAL / f"{COMMIT[:8]}-{ENVIRONMENT}.jsonl"
    started = '\n{"cell": ["gradient", "logistic", "numba_loop", 1000, 10], '
    journal.write_text(journal.read_text() + started + '"outcome": "started", "reason": ""}\n')
    row = cell(_results.load(COMMIT), "numba_loop")
    assert (row.state, "died" in row.reason) == ("failed", True)


def test_data_sets_have_a_name_and_no_size(recorded):
    frame = _results.load(COMMIT)
    real = frame[frame["dataset"] == "breast_cancer"]
    assert len(real)
    assert real["n_samples"].isna().all()


def test_cells_with_a_value_or_a_reason_are_known(recorded):
    known = _results.known_cells(COMMIT, ENVIRONMENT, "all")
    name = "gradient.Logistic.time_gradient"
    assert f"{name}('matrix', 1000, 10)" in known
    assert f"{name}('nested_loop', 1000, 10)" in known
    assert f"{name}('numba_loop', 1000, 10)" not in known
    assert f"{name}('float32', 1000, 10)" not in known
    assert _results.known_cells(COMMIT, ENVIRONMENT, "1") == set()


@pytest.fixture
def changed(monkeypatch):
    """Let these files differ between the recorded commit and another."""
    return lambda files: monkeypatch.setattr(_results, "changed_files", lambda *_: files)


def test_results_hold_while_only_other_implementations_change(recorded, changed):
    changed(["impls/logistic/float32.py", "impls/logistic/mine.py"])
    frame = _results.load("f" * 40)
    assert cell(frame, "matrix").state == "ok"
    assert "float32" not in set(frame["implementation"])


def test_a_newer_file_adds_to_an_older_one(recorded, changed):
    """As a run of one implementation writes it: nulls and NaN for all the others."""
    data = json.loads(recorded.read_text())
    column = data["result_columns"].index("result")
    name = "gradient.Logistic.time_gradient"
    data["results"] = {name: data["results"][name]}
    row = data["results"][name]
    row[column] = [math.nan, math.nan, math.nan, math.nan, 5e-6, 6e-6, None, None]
    data["commit_hash"] = "a" * 40
    newer = recorded.with_name(f"{'a' * 8}-{ENVIRONMENT}.json")
    newer.write_text(json.dumps(data))
    os.utime(recorded, (1, 1))
    changed([])
    frame = _results.load("a" * 40)
    assert cell(frame, "numba_loop").value == 6e-6
    assert cell(frame, "matrix").value == 7.6e-5
    assert cell(frame, "nested_loop").state == "skipped"
    assert cell(frame, "matrix").commit == COMMIT[:8]


@pytest.mark.parametrize(
    "path", ["impls/logistic/_sigmoid.py", "impls/_table.py", "impls/_measure.py"]
)
def test_results_do_not_hold_once_shared_code_changes(recorded, changed, path):
    changed([path])
    with pytest.raises(UserError, match=r"no results of commit ffffffff .* scripts.run"):
        _results.load("f" * 40)


def test_results_of_a_commit_from_another_clone_do_not_hold(recorded, changed):
    changed(None)
    assert not _results.holds_any("f" * 40)


def test_other_threads_are_other_results(recorded):
    with pytest.raises(UserError, match=r"with 1 threads"):
        _results.load(COMMIT, threads="1")


def test_no_results_yet(tmp_path, monkeypatch):
    monkeypatch.setattr(_results, "FOLDER", tmp_path)
    with pytest.raises(UserError, match=r"no results yet; make some: python -m scripts.run"):
        _results.list_files()


def test_another_machines_results_only(recorded, monkeypatch):
    monkeypatch.setattr(_results, "machine_name", lambda: "mine")
    with pytest.raises(UserError, match=r"another machine only \(recorded\), this one is mine"):
        _results.list_files()


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(share=st.floats(0, 0.999))
def test_a_truncated_file_is_named_and_left_alone(recorded, share):
    whole = (DATA / "results.json").read_bytes()
    cut = whole[: int(len(whole) * share)]
    recorded.write_bytes(cut)
    with pytest.raises(
        UserError, match=r"is damaged .* puts the last complete copy back"
    ) as caught:
        _results.load(COMMIT)
    assert str(recorded) in str(caught.value)
    assert recorded.read_bytes() == cut


@given(
    name=st.from_regex(r"[a-z][a-z0-9_]{0,20}", fullmatch=True),
    size=st.tuples(st.integers(1, 10**9), st.integers(1, 10**6)),
)
def test_cells_are_read_as_asv_writes_them(name, size):
    read = _results._cell("SigmoidNet", (repr(name), *map(repr, size)))
    assert read == ("sigmoid_net", name, "", *size, "")
    read = _results._cell("SigmoidNet", (repr(name), "'sgd'", *map(repr, size)))
    assert read == ("sigmoid_net", name, "sgd", *size, "")
    assert _results._cell("Softmax", (repr(name), "'digits'"))[2:] == ("", None, None, "digits")
    read = _results._cell("Softmax", (repr(name), "'gd'", "'digits'"))
    assert read == ("softmax", name, "gd", None, None, "digits")
