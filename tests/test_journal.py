"""The journal of a session, read while it is being written and after damage."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmarks import _measure
from benchmarks._session import journal
from benchmarks._session.inputs import Data
from benchmarks._session.journal import Cell, Journal, Source
from benchmarks._session.measured import TWIN, Round

SOURCE = Source("a" * 40, "environment", "1")
SMALL, DIGITS = Data("linear", 10, 3), Data("softmax", dataset="digits", pixels=True)
INFO = {"bytes_per_value": 8, "passes": None, "peer": "", "limited": False, "rtol": 1e-12}
CELL = Cell(
    SMALL,
    "matrix",
    "m1",
    "ok",
    "",
    "digest",
    "2026-01-01T00:00:00+00:00",
    1,
    shape=(10, 3),
    info=INFO,
    costs={"error": 1e-16, "epoch/gd": 0.5},
    reasons={"test_accuracy/gd": "linear predicts no classes"},
)
ROUND = Round(0, {"matrix": 1e-6, "fused": 2e-6}, {8: 1e9}, {"matrix": 1.0})


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    """A journal with two rounds and two cells."""
    path = tmp_path_factory.mktemp("journal") / "folder" / "journal.jsonl"
    written = Journal(path, SOURCE, "digest")
    written.add_facts({"processor": "some"})
    written.add_round("m1", SMALL, ROUND)
    written.add_round("m1", SMALL, replace(ROUND, generation=1))
    written.add_cells([CELL, replace(CELL, data=DIGITS, name="fused", state="wrong", reason="why")])
    return path


def contents(known):
    return known.source, known.facts, known.cells, known.rounds, known.digests


def test_what_is_written_is_read(path):
    known = journal.read(path)
    assert known.source == SOURCE
    assert known.facts == {"processor": "some"}
    assert known.cells[SMALL, "matrix"] == [CELL]
    assert known.cells[DIGITS, "fused"][0].reason == "why"
    assert known.rounds == {("m1", SMALL): [ROUND, replace(ROUND, generation=1)]}
    assert known.digests == {"m1": "digest"}


def test_what_is_kept_in_memory_is_what_a_file_holds(path):
    kept = Journal(None, SOURCE, "digest")
    kept.add_facts({"processor": "some"})
    for generation in (0, 1):
        kept.add_round("m1", SMALL, replace(ROUND, generation=generation))
    kept.add_cells(journal.read(path).cells[SMALL, "matrix"])
    kept.add_cells(journal.read(path).cells[DIGITS, "fused"])
    assert contents(kept.known)[1:] == contents(journal.read(path))[1:]


@pytest.mark.parametrize(("seconds", "behind"), [(-5, 0), (3600, 3600), (10**9, 10**9)])
def test_what_is_measured_last_is_recorded_last_whatever_the_clock_shows(tmp_path, seconds, behind):
    """Another journal of the machine has a time that this clock will show so much later."""
    for name, ahead in {"other": seconds, "mine": 0}.items():
        written = Journal(tmp_path / f"{name}.jsonl", SOURCE, "digest")
        at = (datetime.now(UTC) + timedelta(seconds=ahead)).isoformat(timespec="seconds")
        written.add_round("m1", SMALL, ROUND)
        written.add_cells([replace(CELL, measured_at=at)])
    other, mine = (journal.read(tmp_path / f"{name}.jsonl") for name in ("other", "mine"))
    assert other.recorded_at <= mine.recorded_at <= other.recorded_at + abs(seconds) + 5
    told = json.loads((tmp_path / "mine.jsonl").read_text().splitlines()[-1])
    assert told.get("clock_behind", 0) == pytest.approx(behind, abs=5)


@pytest.mark.parametrize("time", ["", "yesterday", "0001-01-01T00:00:00+14:00", "9" * 99])
def test_a_time_that_is_none_orders_nothing(tmp_path, time):
    path = tmp_path / "a.jsonl"
    Journal(path, SOURCE, "digest").add_cells([replace(CELL, measured_at=time)])
    assert journal.read(path).recorded_at <= 0


def test_a_journal_that_is_not_there_is_empty(tmp_path):
    assert contents(journal.read(tmp_path / "none")) == contents(journal.Known())


def test_the_last_cell_counts(path, tmp_path):
    again = tmp_path / "again"
    again.write_bytes(path.read_bytes())
    Journal(again, SOURCE, "other").add_cells([replace(CELL, digest="other")])
    known = journal.read(again)
    assert known.last(SMALL, "matrix", lambda _: True).digest == "other"
    assert known.last(SMALL, "matrix", lambda cell: cell.digest == "digest") == CELL
    assert known.last(SMALL, "matrix", lambda cell: cell.digest == "none") is None


@pytest.mark.parametrize("environment", ["../../elsewhere", "x" * 400, "a/b", "", "a\0b"])
def test_no_environment_leads_out_of_the_folder(tmp_path, monkeypatch, environment):
    monkeypatch.setattr(_measure, "FOLDER", tmp_path)
    path = _measure.path_of(replace(SOURCE, environment=environment), "machine")
    assert path.parent == tmp_path / "machine"
    Journal(path, SOURCE, "").add_facts({})
    assert journal.read(path).source == SOURCE


# Damage

json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text() | st.integers(),
    lambda part: st.lists(part, max_size=3) | st.dictionaries(st.text(), part, max_size=3),
    max_leaves=5,
)
in_a_folder = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


@st.composite
def broken_lines(draw, lines):
    """A line of the journal with a field that is gone or holds something else."""
    record = json.loads(draw(st.sampled_from(lines)))
    field = draw(st.sampled_from(sorted(record)))
    record[field] = draw(json_values)
    if draw(st.booleans()):
        del record[field]
    return json.dumps(record).encode()


def parts(known):
    """Everything that a journal says, as a set of texts."""
    cells = {repr(cell) for own in known.cells.values() for cell in own}
    return cells | {repr((key, each)) for key, own in known.rounds.items() for each in own}


@given(st.data())
def test_a_journal_that_was_cut_off_holds_its_whole_lines_and_no_more(path, data):
    whole = path.read_bytes()
    n_bytes = data.draw(st.integers(0, len(whole)))
    cut = path.with_name("cut")
    cut.write_bytes(whole[:n_bytes])
    known = journal.read(cut)
    assert parts(known) <= parts(journal.read(path))
    complete = whole[: whole[:n_bytes].rfind(b"\n") + 1]
    cut.write_bytes(complete)
    left_out = parts(known) - parts(journal.read(cut))
    assert not left_out or whole[n_bytes : n_bytes + 1] == b"\n"  # the end of the line alone


@given(st.data())
def test_what_follows_a_cut_off_line_is_lost_with_it_or_read(path, data):
    """A command that goes on writes its first line behind the rest of the last one."""
    whole = path.read_bytes()
    cut = path.with_name("cut")
    cut.write_bytes(whole[: data.draw(st.integers(0, len(whole)))])
    known = Journal(cut, SOURCE, "digest")
    known.add_cells([CELL, CELL])
    assert journal.read(cut).cells[SMALL, "matrix"][-1] == CELL
    assert parts(journal.read(cut)) <= parts(journal.read(path))


@given(st.data())
def test_a_damaged_line_takes_no_other_with_it_and_invents_no_cell(path, data):
    lines = path.read_bytes().splitlines()
    number = data.draw(st.integers(0, len(lines) - 1))
    noise = st.binary(max_size=50).map(lambda text: text.replace(b"\n", b""))
    others = json_values.map(lambda value: json.dumps(value).encode())
    damaged = lines.copy()
    damaged[number] = data.draw(noise | others | broken_lines([lines[number]]))
    copy = path.with_name("damaged")
    copy.write_bytes(b"\n".join(damaged) + b"\n")
    known = journal.read(copy)
    rest = path.with_name("rest")
    rest.write_bytes(b"\n".join(line for line in lines if line != lines[number]) + b"\n")
    assert parts(journal.read(rest)) <= parts(known)
    n_cells = len(known.cells.get((SMALL, "matrix"), []))
    assert n_cells <= 1
    for cells in known.cells.values():
        for cell in cells:
            assert all(isinstance(cost, float) for cost in cell.costs.values())
            assert all(math.isfinite(cost) and cost >= 0 for cost in cell.costs.values())
            if cell.data in (SMALL, DIGITS):
                assert _measure.read_values(cell, known)
    for rounds in known.rounds.values():
        for each in rounds:
            assert all(seconds > 0 for seconds in (*each.seconds.values(), *each.roofs.values()))


def test_lines_that_do_not_fit_are_named_once(path, tmp_path, monkeypatch, capsys):
    """Also in the file from which asv's process tells what the suite has said."""
    copy, notes = tmp_path / "damaged.jsonl", tmp_path / "notes"
    lines = path.read_bytes().splitlines()
    monkeypatch.setenv("GRADMARK_NOTES", str(notes))
    copy.write_bytes(b"\n".join([lines[0], b"{}", b"\xff", *lines[1:], lines[1][:-9]]))
    for _ in range(2):
        assert parts(journal.read(copy)) == parts(journal.read(path))
    (told,) = capsys.readouterr().err.splitlines()
    assert told == (
        f"left aside: 2 lines of the journal {copy} (line 2: it has no 'kind'); what they held is "
        "measured again"
    )
    assert notes.read_text().splitlines() == [told]


@pytest.mark.parametrize(
    ("changed", "why"),
    [
        ({"kind": "cat"}, "its kind is 'cat', expected source, facts, round or cell"),
        ({"data": ["linear", -1, 3, "", False]}, "its sizes are [-1, 3], expected whole numbers"),
        ({"info": INFO | {"passes": "x"}}, "its info.passes is 'x'"),
        ({"shape": None}, "'NoneType' object is not iterable"),
    ],
)
def test_a_line_that_does_not_fit_says_why(path, tmp_path, capsys, changed, why):
    copy = tmp_path / "a.jsonl"
    copy.write_text(json.dumps(json.loads(path.read_bytes().splitlines()[-1]) | changed))
    assert parts(journal.read(copy)) == set()
    assert f"(line 1: {why})" in capsys.readouterr().err


def test_a_folder_in_place_of_a_journal_is_named(tmp_path, capsys):
    assert parts(journal.read(tmp_path)) == set()
    assert f"the journal {tmp_path} cannot be read (it is a folder" in capsys.readouterr().err


@pytest.mark.parametrize("seconds", [0, -1.0, math.nan, math.inf, "fast", None])
def test_a_round_with_an_impossible_time_is_left_out(path, seconds):
    copy = path.with_name("impossible")
    record = json.loads(path.read_bytes().splitlines()[2])
    assert record["kind"] == "round"
    copy.write_text(json.dumps(record | {"seconds": {"matrix": seconds}}) + "\n")
    assert journal.read(copy).rounds == {}


def test_a_time_of_a_contender_that_has_said_nothing_is_left_out(path):
    copy = path.with_name("silent")
    record = json.loads(path.read_bytes().splitlines()[4])
    assert record["kind"] == "cell"
    lines = [record | {"info": {}, "state": state} for state in ("ok", "died")]
    copy.write_text("".join(json.dumps(line) + "\n" for line in lines))
    assert [cell.state for cell in journal.read(copy).cells[SMALL, "matrix"]] == ["died"]


@pytest.mark.parametrize("commit", ["", "a" * 39, "../" + "a" * 37, 1, None])
def test_a_source_without_a_commit_is_none(path, commit):
    copy = path.with_name("source")
    record = json.loads(path.read_bytes().splitlines()[0])
    copy.write_text(json.dumps(record | {"commit": commit}) + "\n")
    assert journal.read(copy).source is None


# What an interrupt has cut off


def begun(*lines, digest="digest", names=("matrix",)):
    """What is begun after these lines: ``("round", generation)`` or ``("cells", generations)``."""
    kept = Journal(None, SOURCE, "digest")
    for kind, number in lines:
        if kind == "round":
            kept.add_round("m1", SMALL, replace(ROUND, generation=number))
        else:
            kept.add_cells([replace(CELL, generations=number)])
    return kept.known.begun(SMALL, names, digest)


def test_nothing_is_begun_without_rounds_or_in_another_state():
    assert begun() is None
    assert begun(("round", 0), digest="other") is None


def test_what_was_measured_of_others_is_not_theirs():
    assert begun(("round", 0), ("cells", 1), names=("matrix", "fused")) is None


@pytest.mark.parametrize(
    ("lines", "n_done", "n_rounds", "following"),
    [
        ([("round", 0), ("round", 0)], 0, 2, 1),  # killed
        ([("round", 0), ("cells", 0)], 0, 1, 1),  # interrupted
        ([("round", 0), ("round", 0), ("cells", 1)], 1, 0, 1),
        ([("round", 0), ("cells", 1), ("round", 1), ("cells", 1)], 1, 1, 2),
        # The first generation is cut in two, and so is the second.
        ([("round", 0), ("cells", 0), ("round", 1), ("cells", 1), ("round", 2)], 1, 1, 3),
    ],
)
def test_what_is_left_of_a_measurement(lines, n_done, n_rounds, following):
    found = begun(*lines)
    assert (found.n_done, found.n_rounds, found.next) == (n_done, n_rounds, following)
    assert all(cell.generations == n_done for cell in found.cells)
    assert len(found.cells) == any(kind == "cells" for kind, _ in lines)


def test_rounds_of_others_do_not_count_as_its_own():
    """The one goes on alone first, then the other."""
    kept = Journal(None, SOURCE, "digest")
    kept.add_round("m1", SMALL, ROUND)
    kept.add_cells([CELL, replace(CELL, name="fused"), replace(CELL, name=TWIN)])
    for _ in range(3):
        kept.add_round("m1", SMALL, Round(1, {"matrix": 1e-6, "other": 1e-6}, {}, {}))
    kept.add_cells([replace(CELL, generations=2)])
    found = kept.known.begun(SMALL, ["fused"], "digest")
    assert (found.n_done, found.n_rounds, found.next) == (1, 0, 2)
    assert {cell.name for cell in found.cells} == {"matrix", "fused", TWIN}


def test_the_last_measurement_goes_on():
    kept = Journal(None, SOURCE, "digest")
    for measurement in ("m1", "m2"):
        kept.add_round(measurement, SMALL, ROUND)
        kept.add_cells([replace(CELL, measurement=measurement)])
    assert kept.known.begun(SMALL, ["matrix"], "digest").measurement == "m2"
