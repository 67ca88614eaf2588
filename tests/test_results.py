"""Reading journals: states, valid and stale values, damaged lines and files."""

from __future__ import annotations

import json
import math
import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmarks import _measure
from benchmarks._session import journal
from benchmarks._session.inputs import Data
from scripts._common.errors import UserError
from scripts._measured import journals, results
from scripts._measured import state as _state
from tests._recorded import COMMIT, ENVIRONMENT, LINES, Recorded


@pytest.fixture
def recorded(tmp_path, monkeypatch):
    return Recorded(tmp_path, monkeypatch)


def load(recorded, **options):
    return results.load_results(recorded.state(), **options)


def cell(frame, implementation, metric="time", n_samples=1000):
    rows = frame[(frame["implementation"] == implementation) & (frame["metric"] == metric)]
    (row,) = rows[rows["n_samples"] == n_samples].itertuples()
    return row


def known(recorded, implementation, n_samples=1000, threads="all", generations=1):
    """Whether the next run need not measure it."""
    holds = results.holds_in(recorded.state(), generations)
    data = Data("logistic", n_samples, 10)
    journals = results.known_journals(threads)
    return any(each.last(data, implementation, holds) for each in journals)


def test_columns_and_types(recorded):
    frame = load(recorded)
    assert list(frame.columns) == results.COLUMNS
    assert str(frame["n_samples"].dtype) == "Int64"
    assert set(frame["metric"]) >= {"time", "error", "workspace", "read_roof", "prepare"}
    cells = ["implementation", "solver", "n_samples", "dataset", "metric"]
    assert not frame.duplicated(cells).any()


def test_a_value_comes_with_its_interval_unit_and_origin(recorded):
    row = cell(load(recorded), "matrix")
    assert (row.state, row.value, row.unit) == ("ok", 7.6e-5, "seconds")
    assert (row.low, row.high) == (7.5e-5, 9e-5)
    assert (row.commit, row.environment, row.threads) == (COMMIT[:8], ENVIRONMENT, "all")
    assert (row.measured, row.generations) == ("2026-09-24T12:01:00+00:00", 1)
    rounds = [each for each in map(json.loads, LINES) if each["kind"] == "round"]
    at = ["logistic", 1000, 10, "", False]
    assert row.rounds == sum(each["data"] == at for each in rounds) > 1


@pytest.mark.parametrize(
    ("implementation", "state", "reason"),
    [
        ("nested_loop", "skipped", "nested_loop takes too long above 5,000 elements"),
        ("numba_loop", "failed", "died while it was timed: killed by SIGSEGV"),
        ("float32", "wrong", "error 1.0e-03 of the sum of absolute terms, at most 2e-05 allowed"),
    ],
)
@pytest.mark.parametrize("metric", ["time", "speed_up", "workspace", "roof_fraction"])
def test_states_have_reasons_and_no_value(recorded, implementation, state, reason, metric):
    row = cell(load(recorded), implementation, metric)
    assert (row.state, row.reason) == (state, reason)
    assert math.isnan(row.value)


def test_a_wrong_gradient_has_an_error(recorded):
    row = cell(load(recorded), "float32", "error")
    assert (row.state, row.value) == ("ok", 1e-3)


def test_the_twin_is_no_implementation(recorded):
    assert set(load(recorded)["implementation"]) == {
        *("float32", "matrix", "nested_loop", "numba_loop")
    }


def test_a_size_that_others_have_is_missing_not_absent(recorded):
    row = cell(load(recorded), "nested_loop", "workspace", 100)
    assert (row.state, row.reason) == ("missing", "not run")


def test_data_sets_have_a_name_and_no_size(recorded):
    frame = load(recorded)
    real = frame[frame["dataset"] == "breast_cancer"]
    assert len(real)
    assert real["n_samples"].isna().all()


def test_a_training_has_its_solver_and_its_reason(recorded):
    frame = load(recorded)
    rows = frame[(frame["solver"] == "sgd") & (frame["implementation"] == "matrix")]
    found = {row.metric: (row.state, row.value, row.reason) for row in rows.itertuples()}
    assert found["epoch"] == ("ok", 0.0031, "")
    state, _, why = found["time_to_loss"]
    assert (state, why) == ("skipped", "the loss is 0.08 after 200 epochs, wanted 0.05")


def test_cells_with_a_value_or_a_reason_are_known(recorded):
    assert known(recorded, "matrix")
    assert known(recorded, "nested_loop")
    assert not known(recorded, "numba_loop")
    assert not known(recorded, "float32")
    assert not known(recorded, "matrix", threads="1")


def test_a_value_of_too_few_generations_is_measured_again_and_a_refusal_is_not(recorded):
    assert not known(recorded, "matrix", generations=2)
    assert known(recorded, "nested_loop", generations=2)


def reason(recorded, implementation, metric="time", n_samples=10):
    """The reason why a recorded value is stale; empty if it is valid."""
    row = cell(load(recorded), implementation, metric, n_samples)
    return "" if row.state == "ok" else row.reason


def test_an_edited_implementation_is_measured_again_and_no_other(recorded):
    recorded.write("impls/logistic/nested_loop.py", "import numpy  # edited")
    assert reason(recorded, "nested_loop") == (
        "not measured since impls/logistic/nested_loop.py has changed"
    )
    assert reason(recorded, "matrix") == ""
    assert not known(recorded, "nested_loop")
    assert known(recorded, "matrix")


def test_what_an_implementation_imports_counts_and_what_others_import_does_not(recorded):
    recorded.write("impls/logistic/_sigmoid.py", "# edited")
    assert "_sigmoid.py has changed" in reason(recorded, "matrix")
    assert reason(recorded, "nested_loop") == ""


@pytest.mark.parametrize(
    "file", ["impls/_checks.py", "impls/logistic/__init__.py", "benchmarks/_session/rounds.py"]
)
def test_nothing_holds_once_what_all_use_has_changed(recorded, file):
    recorded.write(file, "# edited")
    with pytest.raises(UserError, match=rf"out of date: not measured since {file} has changed"):
        load(recorded)


@pytest.mark.parametrize(
    "file", ["benchmarks/_session/training.py", "impls/solvers/sgd.py", "impls/_solve.py"]
)
def test_an_edit_of_how_trainings_are_measured_voids_trainings_alone(recorded, file):
    recorded.write(file, "# edited")
    assert "has changed" in reason(recorded, "matrix", "epoch", 1000)
    assert reason(recorded, "matrix", n_samples=1000) == ""
    assert not known(recorded, "matrix")
    assert known(recorded, "matrix", 10)


def test_an_edit_of_how_data_sets_are_read_voids_those_alone(recorded):
    recorded.write("impls/logistic/_datasets.py", "# edited")
    frame = load(recorded)
    real = frame[(frame["dataset"] == "breast_cancer") & (frame["reason"] != "not run")]
    assert real["reason"].str.contains("_datasets.py has changed").all()
    assert cell(frame, "matrix").state == "ok"


def test_an_implementation_that_is_gone_is_not_listed(recorded):
    (recorded.root / "impls/logistic/numba_loop.py").unlink()
    assert "numba_loop" not in set(load(recorded)["implementation"])


def test_another_version_of_a_library_voids_what_uses_it(recorded):
    recorded.record_state(versions={"numba": "0.1"})
    assert "and was 0.1" in reason(recorded, "numba_loop")
    row = cell(load(recorded), "matrix")
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
        load(recorded)


def test_a_value_of_which_no_state_is_known_does_not_hold(recorded):
    (path,) = recorded.provenance.glob("*.json")
    path.unlink()
    _state.load_state.cache_clear()
    with pytest.raises(UserError, match="no record of the files and versions"):
        load(recorded)


def test_a_state_that_was_tampered_with_is_not_believed(recorded):
    (path,) = recorded.provenance.glob("*.json")
    path.write_text(path.read_text().replace("numpy", "humpy"))
    _state.load_state.cache_clear()
    with pytest.raises(UserError, match="there is no record of the files"):
        load(recorded)


# Several journals


def only(lines, *names):
    """The lines about these implementations, besides the first one."""
    records = [json.loads(line) for line in lines[1:]]
    kept = [r for r in records if r["kind"] == "round" or r.get("name") in names]
    return [lines[0], *map(json.dumps, kept)]


def test_values_hold_whatever_commit_they_are_filed_under(recorded):
    """A run of one implementation measures the baseline besides, and no other."""
    lines = [line.replace('"state": "died"', '"state": "ok"') for line in LINES]
    lines = [line.replace('"seconds": {', '"seconds": {"numba_loop": 6e-06, ') for line in lines]
    recorded.record_state("a" * 40, only(lines, "numba_loop"))
    os.utime(recorded.path, (1, 1))
    frame = load(recorded)
    assert cell(frame, "numba_loop").value == 6e-6
    assert cell(frame, "numba_loop").commit == "a" * 8
    assert cell(frame, "matrix").value == 7.6e-5
    assert cell(frame, "nested_loop").state == "skipped"
    assert cell(frame, "matrix").commit == COMMIT[:8]


@pytest.mark.parametrize(
    ("day", "behind", "commit"),
    [
        ("2026-09-23", 0, COMMIT[:8]),
        ("2026-09-25", 0, "a" * 8),
        ("2025-09-24", 365 * 86400 + 1, "a" * 8),  # the clock was set back by a year
        ("2025-09-24", 364 * 86400, COMMIT[:8]),
    ],
)
def test_of_two_journals_the_one_that_was_measured_last_has_the_value(
    recorded, day, behind, commit
):
    """Whatever times a copy has given to the files."""
    later = recorded.record_state("a" * 40, measured(day, behind))
    for times in [(1, 2), (2, 1)]:
        os.utime(recorded.path, (times[0], times[0]))
        os.utime(later, (times[1], times[1]))
        journals._open.cache_clear()
        assert cell(load(recorded), "matrix").commit == commit
        assert results.list_results()[0].source.commit[:8] == commit


def measured(day, behind=0):
    """The recorded lines, as if they had been measured then."""
    lines = [line.replace("2026-09-24", day) for line in LINES]
    told = f'"clock_behind": {behind}, "measured_at"'
    return [line.replace('"measured_at"', told) for line in lines] if behind else lines


def test_a_later_line_of_an_earlier_time_is_the_newest(recorded):
    """The clock was set back within a session, before the last set of data."""
    cells = [line for line in measured("2020-01-01") if '"kind": "cell"' in line]
    recorded.record_state("a" * 40, measured("2026-09-25"))
    recorded.record_state(COMMIT, [*measured("2026-09-26"), *cells])
    assert cell(load(recorded), "matrix").measured.startswith("2020-01-01")


def test_a_stale_value_does_not_hide_one_that_holds(recorded):
    """The older journal is valid; the newer one was measured with an edit that was reverted."""
    edited = {"impls/logistic/matrix.py": "0" * 40}
    recorded.record_state("a" * 40, measured("2026-09-25"), files=edited)
    assert cell(load(recorded), "matrix").state == "ok"


def test_a_stale_line_does_not_hide_an_older_one_of_the_same_journal(recorded):
    lines = recorded.path.read_text()
    state = json.loads(lines.splitlines()[-1])["digest"]
    edited = recorded.record_state("a" * 40, files={"impls/logistic/matrix.py": "0" * 40})
    later = [line for line in edited.read_text().splitlines() if '"kind": "cell"' in line]
    edited.unlink()
    recorded.path.write_text(lines + "\n".join(later) + "\n")
    journals._open.cache_clear()
    assert state not in "".join(later)
    assert cell(load(recorded), "matrix").state == "ok"


def test_the_last_line_of_a_cell_counts(recorded):
    first, *rest = recorded.path.read_text().splitlines()
    line = next(x for x in rest if '"name": "matrix"' in x and '"logistic", 1000' in x)
    again = json.loads(line) | {"state": "too fast", "reason": "it does not read X"}
    recorded.path.write_text("\n".join([first, *rest, json.dumps(again)]) + "\n")
    journals._open.cache_clear()
    assert (cell(load(recorded), "matrix").state, known(recorded, "matrix")) == ("too fast", True)


def test_other_threads_are_other_results(recorded):
    with pytest.raises(UserError, match=r"no results with 1 threads"):
        load(recorded, threads="1")


def test_another_environment_is_named(recorded):
    with pytest.raises(UserError, match=r"no results of the environment other with all threads"):
        load(recorded, environment="other")
    assert cell(load(recorded, environment=ENVIRONMENT), "matrix").state == "ok"


def test_the_last_state_is_that_of_the_last_line(recorded):
    first = results.last_state()
    recorded.record_state("a" * 40, measured("2026-09-25"), versions={"numba": "0.1"})
    assert results.last_state().versions["numba"] == "0.1"
    assert results.last_state(COMMIT) == first
    assert results.last_state(environment="other") is None
    assert results.last_state(threads="1") is None


def test_the_last_state_is_that_of_the_last_measurement_of_a_journal(recorded):
    """The first data are measured again, in another state; the last ones are not."""
    lines = recorded.path.read_text()
    edited = recorded.record_state("a" * 40, versions={"numba": "0.1"})
    again = json.loads(next(x for x in edited.read_text().splitlines() if '"kind": "cell"' in x))
    edited.unlink()
    again["measured_at"] = "2026-09-25T12:00:00+00:00"
    recorded.path.write_text(lines + json.dumps(again) + "\n")
    journals._open.cache_clear()
    assert results.last_state().versions["numba"] == "0.1"


def test_facts_are_those_of_the_run(recorded):
    assert results.facts_of(COMMIT[:8], ENVIRONMENT)["cpu"] == "a processor"
    assert results.facts_of(COMMIT[:8], "other") is None


def test_no_results_yet(tmp_path, monkeypatch):
    monkeypatch.setattr(_measure, "FOLDER", tmp_path)
    with pytest.raises(UserError, match=r"no results yet; make some: python -m scripts.run"):
        results.list_results()


def test_another_machines_results_only(recorded, monkeypatch):
    monkeypatch.setattr(results, "machine_name", lambda: "mine")
    with pytest.raises(UserError, match=r"another machine only \(recorded\), this one is mine"):
        results.list_results()


def test_a_machines_name_is_no_pattern(recorded, monkeypatch):
    recorded.path.parent.rename(recorded.path.parent.with_name("lab[1]"))
    recorded.record_state("b" * 40)
    recorded.path.parent.rename(recorded.path.parent.with_name("lab1"))  # what it would match
    monkeypatch.setattr(results, "machine_name", lambda: "lab[1]")
    assert [each.source.commit for each in results.list_results()] == [COMMIT]


# Damage


def damaged(recorded, **source):
    """Write a journal of another commit with something else in its first line."""
    path = recorded.path_of("b" * 40)
    first = json.loads(LINES[0]) | {"commit": "b" * 40} | source
    path.write_text("\n".join([json.dumps(first), *LINES[1:]]) + "\n")
    return path


@pytest.mark.parametrize("commit", ["--output=FILE", "", "HEAD", "A" * 40, "a" * 39, None, 3])
def test_a_journal_whose_commit_is_no_hash_is_left_aside_and_named(recorded, capsys, commit):
    path = damaged(recorded, commit=commit)
    assert [each.source.commit for each in results.list_results()] == [COMMIT]
    assert cell(load(recorded), "matrix").state == "ok"
    told = capsys.readouterr().err
    assert f"left aside: the journal {path} cannot be read (it does not say which commit" in told
    assert f"commit is {commit!r}, expected" in told


@pytest.mark.parametrize("first", ["", "{", "null", "\0\xff", '{"kind": "source"}'])
def test_a_journal_without_its_first_line_is_left_aside_and_named_once(recorded, capsys, first):
    path = recorded.path_of("b" * 40)
    text = "\n".join([first, *LINES[1:]])
    path.write_text(text, encoding="latin-1")
    for _ in range(2):
        assert cell(load(recorded), "matrix").state == "ok"
    assert capsys.readouterr().err.count(f"left aside: the journal {path}") == 1
    assert path.read_text(encoding="latin-1") == text


def line_of(recorded, kind, number=0):
    found = [line for line in recorded.path.read_text().splitlines() if f'"{kind}"' in line]
    return json.loads(found[number])


CELLS = {
    "a data set's name is a list": {"data": ["logistic", 0, 0, ["x"], False]},
    "a size is negative": {"data": ["logistic", -1, 10, "", False]},
    "a size is a truth value": {"data": ["logistic", True, 10, "", False]},
    "a size has no end": {"data": ["logistic", 10**400, 10, "", False]},
    "data lack a field": {"data": ["logistic", 10, 10]},
    "an error is negative": {"costs": {"error": -1.0}},
    "a cost is a text": {"costs": {"error": "small"}},
    "a cost has no end": {"costs": {"error": math.inf}},
    "costs are a number": {"costs": 3},
    "reasons are a text": {"reasons": "none"},
    "bytes per value are a text": {"info": {"bytes_per_value": "8"}},
    "the generations are a list": {"generations": [1]},
    "the shape is a number": {"shape": 10},
    "the state is missing": {"state": None},
}
ROUNDS = {
    "seconds are 0": {"seconds": {"matrix": 0.0}},
    "seconds are negative": {"seconds": {"matrix": -1e-6}},
    "seconds are no number": {"seconds": {"matrix": math.nan}},
    "seconds have no end": {"seconds": {"matrix": 10**400}},
    "seconds are a list": {"seconds": [1e-6]},
    "a roof's width is a text": {"roofs": {"wide": 1e9}},
    "processors are a text": {"processors": {"matrix": "two"}},
    "the generation is a text": {"generation": "first"},
    "the measurement is missing": {"digest": None, "measurement": None, "data": None},
}


@pytest.mark.parametrize(
    ("kind", "damage"),
    [
        *(pytest.param("cell", each, id=name) for name, each in CELLS.items()),
        *(pytest.param("round", each, id=name) for name, each in ROUNDS.items()),
    ],
)
def test_a_line_with_a_value_of_another_kind_is_left_out(recorded, kind, damage):
    before = journal.read(recorded.path)
    with recorded.path.open("a") as file:
        file.write(json.dumps(line_of(recorded, kind) | damage) + "\n")
    assert journal.read(recorded.path) == before


def test_a_name_that_clears_the_screen_does_not(recorded):
    with recorded.path.open("a") as file:
        file.write(json.dumps(line_of(recorded, "cell") | {"name": "\x1b[2J"}) + "\n")
    assert "\x1b" not in repr(list(journal.read(recorded.path).cells))
    assert cell(load(recorded), "matrix").state == "ok"


@pytest.mark.parametrize(
    "line",
    [b"{", b"", b"[]", b"null", b"3", b'"x"', b"{}", b"\xff", b"\0" * 50, b"[" * 10**5],
    ids=lambda line: ascii(line[:5]),
)
def test_a_line_that_is_no_record_is_left_out(recorded, line):
    before = journal.read(recorded.path)
    with recorded.path.open("ab") as file:
        file.write(line + b"\n")
    assert journal.read(recorded.path) == before


@pytest.mark.parametrize("number", [n for n, x in enumerate(LINES) if '"kind": "cell"' in x])
def test_any_cells_line_may_be_lost(recorded, number):
    recorded.record_state(lines=[*LINES[:number], "{", *LINES[number + 1 :]])
    frame = load(recorded)
    assert set(frame["state"]) >= {"ok", "missing"}
    assert known(recorded, "nested_loop", 1000) or '"nested_loop"' in LINES[number]


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(share=st.floats(0, 0.9999))
def test_of_a_truncated_journal_all_whole_lines_are_read(recorded, share):
    whole = recorded.path.read_bytes()
    cut = whole[: int(len(whole) * share)]
    path = recorded.path.with_name("cut.jsonl")
    path.write_bytes(cut)
    read, known = journal.read(path), journal.read(recorded.path)
    n_records = sum(map(len, (*read.cells.values(), *read.rounds.values())))
    texts = [line for line in cut.decode().splitlines(keepends=True) if line.endswith("}\n")]
    kinds = [json.loads(text)["kind"] for text in texts]
    assert n_records - sum(kind in ("cell", "round") for kind in kinds) in (0, 1)
    for key, cells in read.cells.items():
        assert known.cells[key][: len(cells)] == cells
    for key, rounds in read.rounds.items():
        assert known.rounds[key][: len(rounds)] == rounds


def test_a_metric_that_is_not_known_any_more_is_passed_over(recorded):
    recorded.record_state(lines=[x.replace('"workspace"', '"novelty/sgd"') for x in LINES])
    frame = load(recorded)
    assert "novelty" not in set(frame["metric"])
    assert cell(frame, "matrix").state == "ok"
