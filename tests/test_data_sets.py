"""Named data sets of a folder: what is one, what voids its values, and what is left aside."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import impls
from benchmarks import _measure, _plan
from benchmarks._own import folder, named
from benchmarks._session import session, training
from benchmarks._session.crew import Settings
from benchmarks._session.inputs import Data
from benchmarks._session.journal import Journal, Known, Source
from benchmarks._session.measured import BASELINE
from benchmarks._session.process import Out
from benchmarks._session.session import Job
from impls import _optimum
from impls._errors import one_line
from impls._files import Unreadable
from scripts import run
from scripts._common import escape
from scripts._measured import driver, journals, measuring, results
from tests import _damaged
from tests._hostile import NAMES
from tests._recorded import LINES, Recorded

GENERATOR = np.random.default_rng(0)
X = GENERATOR.random((40, 3), dtype=np.float32)
TABLE = np.column_stack([X, X[:, 0] > 0.5]).astype(np.float32)
CSV = "a,b,y\n0.1,2,0\n0.2,3,1\n0.3,4,1\n"
SETTINGS = Settings("", (), 1, rounds=1, warm_seconds=0, sample_seconds=0.001)


@pytest.fixture
def place(tmp_path, monkeypatch):
    """The folder; its ``linear`` is there."""
    path = tmp_path / "own"
    (path / "linear").mkdir(parents=True)
    monkeypatch.setenv(folder.VARIABLE, str(path))
    return path


def put(place, name="churn.npy", values=TABLE, problem="linear"):
    """Write a data set."""
    path = place / problem / name
    path.parent.mkdir(exist_ok=True)
    if path.suffix == ".npy":
        np.save(path, values)
    else:
        path.write_text(values)
    return path


# What is a data set


def test_a_file_is_a_data_set_beside_the_built_in_ones(place):
    put(place)
    put(place, "house prices.2024.csv", CSV)
    put(place, "other.csv", CSV, "poisson")
    assert _plan.datasets("linear") == ["churn", "diabetes", "house prices.2024"]
    assert "other" in _plan.datasets("poisson")
    assert _plan.left_aside(["linear", "poisson"]) == []
    own = _plan.data_of("linear", "churn")
    assert (own.title, len(own.contents)) == ("churn", 40)
    assert _plan.data_of("linear", "diabetes") == Data("linear", dataset="diabetes")


def test_a_folder_that_is_not_there_holds_none(monkeypatch, tmp_path):
    monkeypatch.setenv(folder.VARIABLE, "")
    monkeypatch.setattr(folder, "_DEFAULT", tmp_path / "none")
    assert _plan.datasets("linear") == ["diabetes"]
    assert _plan.left_aside(impls.problems()) == []
    monkeypatch.setenv(folder.VARIABLE, str(tmp_path / "none\x1b[2J"))
    with pytest.raises(
        impls.TableError, match=r"^GRADMARK_DATA is /.*, which is no folder"
    ) as told:
        _plan.datasets("linear")
    assert str(told.value).isprintable()


def bind(path):
    with socket.socket(socket.AF_UNIX) as one:
        one.bind(os.path.relpath(path))


def forbid(path):
    path.write_text(CSV)
    path.chmod(0)


ODD = {
    "pipe.npy": (os.mkfifo, "it is a pipe, expected a file"),
    "link.npy": (lambda path: path.symlink_to("nowhere"), "it is a link to nothing, expected a"),
    "circle.csv": (lambda path: path.symlink_to(path), "Too many levels of symbolic links"),
    "folder.npz": (Path.mkdir, "it is a folder, expected a file"),
    "socket.npy": (bind, "it is a socket, expected a file"),
    "null.csv": (lambda path: path.symlink_to(os.devnull), "it is a device, expected a file"),
    "empty.csv": (Path.touch, "it is empty, expected X and y"),
    "notes.txt": (Path.touch, "its name ends in '.txt', expected .npz, .npy, .csv, .parquet"),
    "data": (Path.touch, "its name ends in 'no ending', expected"),
    "10 x 10.csv": (Path.touch, "its name is that of no data set: rename it"),
    "a  b.csv": (Path.touch, "its name is that of no data set"),
    "a .csv": (Path.touch, "its name is that of no data set"),
    f"{'a' * 61}.csv": (Path.touch, "its name is that of no data set"),
}


@pytest.mark.parametrize("name", ODD)
def test_what_is_no_data_set_is_left_aside_with_a_sentence(name, place):
    make, reason = ODD[name]
    put(place)
    try:
        make(place / "linear" / name)
    except OSError as error:  # a file system that has no such files, or no paths so long
        pytest.skip(str(error))
    assert _plan.datasets("linear") == ["churn", "diabetes"]
    (told,) = _plan.left_aside(["linear"])
    assert told.startswith(f"{place / 'linear' / name} is left aside: ".replace("  ", " "))
    assert reason in told


def test_a_file_larger_than_memory_is_left_aside_unread(place, monkeypatch):
    path = put(place)
    monkeypatch.setattr(folder, "_memory_bytes", lambda: path.stat().st_size - 1)
    assert _plan.datasets("linear") == ["diabetes"]
    assert "MiB, expected at most" in _plan.left_aside(["linear"])[0]


def test_a_file_that_may_not_be_read_is_left_aside(place, monkeypatch):
    put(place)
    put(place, "secret.csv", CSV)
    opened = Path.open

    def refuse(path, *arguments, **options):
        if path.name == "secret.csv":
            raise PermissionError(13, "Permission denied", str(path))
        return opened(path, *arguments, **options)

    monkeypatch.setattr(Path, "open", refuse)
    assert _plan.datasets("linear") == ["churn", "diabetes"]
    assert _plan.left_aside(["linear"])[0].endswith("is left aside: Permission denied")


def test_entries_that_are_of_no_problem_are_named(place):
    put(place, "churn.csv", CSV, "logistik")
    (place / "churn.csv").write_text(CSV)
    (place / ".DS_Store").touch()
    (place / "linear" / "_draft.csv").write_text(CSV)
    (place / "softmax").touch()
    told = _plan.left_aside(["linear", "softmax"])
    expected = "expected a folder for a problem: one of linear, logistic, "
    assert [expected in text for text in told] == [True, True, False]
    assert told[2] == f"{place / 'softmax'} is left aside: it is no folder"


@pytest.mark.parametrize("name", [name for name in NAMES if "/" not in name])
def test_a_name_is_shown_by_every_format_as_it_is_or_is_none(name, place):
    try:
        put(place, f"{name}.csv", CSV)
    except (OSError, ValueError):  # no file can have it
        return
    (own,) = [*folder.find("linear").paths, None][:1]
    told = folder.find("linear").left_aside
    hidden = name[0] in "._"
    assert (own is None) == (hidden or bool(told))
    assert all(text.isprintable() for text in told)
    if own is not None:
        assert own == name == one_line(name) == escape.line(name) == escape.cell(name)
        assert repr(name) == f"'{name}'"
        assert escape.script(json.dumps(name)) == json.dumps(name)


@pytest.mark.parametrize(
    ("names", "told"),
    [
        (["diabetes.csv"], r"/diabetes\.csv has the name of linear's own data set diabetes: ren"),
        (["a.csv", "a.npz"], r"/linear/a\.csv and .*/linear/a\.npz are both named a: rename one"),
    ],
)
def test_a_name_that_is_taken_is_an_error_that_names_both(names, told, place):
    for name in names:
        put(place, name, CSV)
    with pytest.raises(impls.TableError, match=told):
        _plan.datasets("linear")


# Measuring


def measure(*jobs, **settings):
    kept = Journal(None, Source("a" * 40, "environment", "1"), "digest")
    session.run([Job(*job) for job in jobs], replace(SETTINGS, **settings), kept, Known())
    return kept.known


def cell(known, data, name=BASELINE):
    return known.cells[data, name][-1]


def test_data_sets_are_measured_in_their_type_and_a_damaged_one_is_left_aside(place):
    put(place)
    put(place, "table.csv", CSV)
    put(place, "broken.csv", CSV.replace("0.2", "x"))
    npy, csv, broken = (_plan.data_of("linear", each) for each in ("churn", "table", "broken"))
    found = measure(*((data, ("float32",)) for data in (broken, npy, csv)))
    for data, shape in ((npy, (40, 3)), (csv, (3, 2))):
        assert (cell(found, data).state, cell(found, data).shape) == ("ok", shape)
        assert cell(found, data).costs["error"] < 1e-15
    casts = [cell(found, npy, name).info["casts"] for name in ("float32", BASELINE)]
    assert casts == [False, True]
    damaged = cell(found, broken)
    assert damaged.state == "skipped"
    assert damaged.reason.startswith("linear/broken.csv: column 'a' has dtype ")
    values = _measure.read_values(cell(found, npy), found)
    assert values["time"].value > 0


@pytest.mark.parametrize("ending", ["npy", "npz", "csv", "parquet"])
def test_whatever_stands_in_a_files_place_stops_nothing_else(ending, place):
    good = TABLE.tobytes()
    for damage, make in (_damaged.KINDS | _damaged.TEXTS).items():
        path = place / "linear" / f"odd.{ending}"
        make(path, good)
        if "odd" in _plan.datasets("linear"):
            with pytest.raises(Out, match=rf"^skipped: linear/odd\.{ending}: ") as told:
                _plan.data_of("linear", "odd").draw()
            assert told.value.reason.isprintable(), damage
            assert str(place) not in told.value.reason, damage
        else:
            (text,) = _plan.left_aside(["linear"])
            assert text.isprintable(), damage
        path.rmdir() if damage == "a folder" else path.unlink()


def test_small_data_sets_are_trained_on_and_large_ones_are_not(place, monkeypatch):
    put(place, values=(TABLE * 255).astype(np.uint8))
    data = _plan.data_of("linear", "churn")
    job = Job(data, (BASELINE,), most_epochs=1)
    losses = cell(measure((*vars(job).values(),)), data).costs
    assert 0 < losses["final_loss/gd"] < float(np.mean(TABLE[:, -1] ** 2) * 255**2 / 2)
    monkeypatch.setattr(training, "_MOST_SAMPLES", 39)
    found = cell(measure((*vars(job).values(),)), data)
    assert found.state == "ok"
    assert "of more than 39 samples or" in found.reasons["final_loss/gd"]


def test_steps_of_8_bits_are_those_of_the_same_numbers():
    pixels = GENERATOR.integers(0, 256, (30, 4), np.uint8)
    expected = _optimum.stable_step("linear", pixels.astype(np.float64), 3)
    assert _optimum.stable_step("linear", pixels, 3) == expected


@pytest.mark.parametrize("when", ["before", "while"])
def test_a_file_that_changes_meanwhile_is_not_measured(when, place, monkeypatch):
    path = put(place)
    data = _plan.data_of("linear", "churn")
    load = named.batch.load

    def edit(*arguments):
        found = load(*arguments)
        put(place, values=TABLE + 1)
        return found

    if when == "while":
        monkeypatch.setattr(named.batch, "load", edit)
    else:
        put(place, values=TABLE + 1)
    found = cell(measure((data, (BASELINE,))), data)
    assert (found.state, found.reason) == (
        "skipped",
        "the file of linear/churn has changed since the command began: start it again",
    )
    path.unlink()
    with pytest.raises(Out, match="linear/churn has changed"):
        data.draw()


def test_data_larger_than_memory_are_skipped(place, monkeypatch):
    put(place)
    monkeypatch.setattr(named, "available_memory", lambda: 10**8)
    with pytest.raises(Out, match=r"churn\.npy, 40 x 3 of float32 needs 105 MB of memory, 100 MB"):
        _plan.data_of("linear", "churn").draw()


def test_contents_are_looked_at_again_once_a_file_has_changed(place):
    path = put(place)
    first = folder.contents(path)
    put(place, values=TABLE + 1)
    assert folder.contents(path) != first
    put(place)
    assert folder.contents(path) == first
    path.unlink()
    path.symlink_to(os.devnull)
    with pytest.raises(Unreadable):
        folder.contents(path)


# What holds


def plan(problem="linear"):
    preset = _plan.Preset(((10, 10),), (), 0, 1, 1, 0.0, 0.001)
    return list(_plan.jobs(preset, problem, [BASELINE]))


def known_of(jobs):
    kept = Journal(None, Source("a" * 40, "environment", "1"), "digest")
    info = {"bytes_per_value": 8, "passes": None, "peer": "", "limited": False, "rtol": 1e-12}
    cells = measure((Data("linear", 10, 10), (BASELINE,))).cells[Data("linear", 10, 10), BASELINE]
    kept.add_cells(replace(cells[0], data=job.data, info=info) for job in jobs)
    return kept.known


def titles(jobs):
    return [job.data.title for job in jobs]


def test_one_more_data_set_or_an_edited_one_is_missing_and_nothing_else(place):
    put(place)
    put(place, "table.csv", CSV)
    known = [known_of(plan())]
    assert _measure.missing(plan(), known, lambda _: True) == []
    put(place, "another.csv", CSV)
    assert titles(_measure.missing(plan(), known, lambda _: True)) == ["another"]
    put(place, values=TABLE + 1)
    assert titles(_measure.missing(plan(), known, lambda _: True)) == ["another", "churn"]
    put(place)
    assert titles(_measure.missing(plan(), known, lambda _: True)) == ["another"]


@pytest.fixture
def recorded(tmp_path, monkeypatch, place):
    """The recorded journal with the data set ``churn`` in place of ``breast_cancer``."""
    put(place, problem="logistic")
    data = [*_plan.data_of("logistic", "churn").__dict__.values()]
    old, new = '["logistic", 0, 0, "breast_cancer", false]', json.dumps(data)
    assert any(old in line for line in LINES)
    own = Recorded(tmp_path, monkeypatch)
    own.record_state(lines=[line.replace(old, new) for line in LINES])
    return own


def rows_of(recorded, dataset="churn"):
    frame = results.load_results(recorded.state())
    own = frame[(frame["dataset"] == dataset) & (frame["metric"] == "time")]
    return own[own["reason"] != "not run"]


def test_values_hold_until_the_file_is_edited_and_go_with_it(recorded, place):
    matrix = rows_of(recorded).set_index("implementation").loc["matrix"]
    assert (matrix["state"], pd.isna(matrix["n_samples"])) == ("ok", True)
    drawn = rows_of(recorded, "")
    (known,) = results.known_journals("all")
    valid = measuring._values(recorded.state(), "all")
    assert ("logistic", "churn", "matrix", "time") in valid
    put(place, problem="logistic", values=TABLE + 1)
    edited = rows_of(recorded)
    assert set(edited["state"]) == {"missing"}
    assert set(edited["reason"]) == {"not measured since the file of logistic/churn has changed"}
    pd.testing.assert_frame_equal(rows_of(recorded, ""), drawn)
    left = {key for key in valid if key[1] != "churn"}
    assert measuring._values(recorded.state(), "all").keys() == left
    (place / "logistic" / "churn.npy").unlink()
    assert rows_of(recorded).empty
    assert known == results.known_journals("all")[0]


def test_how_built_in_data_are_read_is_nothing_to_own_data(recorded):
    recorded.write("impls/logistic/_datasets.py", "# edited")
    assert "ok" in set(rows_of(recorded)["state"])
    recorded.write("benchmarks/_own/named.py", "# edited")
    (reason,) = set(rows_of(recorded)["reason"])
    assert reason == "not measured since benchmarks/_own/named.py has changed"
    assert "ok" in set(rows_of(recorded, "")["state"])


def test_a_journal_line_of_a_data_set_is_read_as_it_was_written(recorded, place):
    found = journals.read_journal(recorded.path)
    assert not found.fault + "".join(found.misfits)
    own = _plan.data_of("logistic", "churn")
    assert own in {data for data, _ in found.known.cells}
    (place / "logistic" / "churn.npy").unlink()
    recorded.path.write_text(recorded.path.read_text().replace(own.contents, "../../x"))
    found = journals.read_journal(recorded.path)
    assert "a digest of a file" in found.misfits[0]


# Commands


def test_a_run_says_what_is_left_aside_and_what_is_damaged(place, capsys):
    data = Data("linear", dataset="broken", contents="0" * 40)
    put(place, "notes.txt", "text")
    jobs = [Job(data, (BASELINE,))]
    known = measure((data, (BASELINE,)))
    assert run._tell(jobs, jobs, known) == 0
    told = capsys.readouterr().err
    assert told == (
        "linear, broken: not measured: the file of linear/broken has changed since the command "
        "began: start it again\n"
    )


def test_asv_is_told_the_folder_as_it_is_called_from_here(place, monkeypatch):
    monkeypatch.chdir(place.parent)
    monkeypatch.setenv(folder.VARIABLE, place.name)
    monkeypatch.setattr(driver.Session, "environment", "some")
    told = driver.Session("a" * 40, "1", (), "").variables
    assert told()[folder.VARIABLE] == str(place)
    monkeypatch.delenv(folder.VARIABLE)
    assert folder.VARIABLE not in told()


def test_asvs_suite_lists_own_data(place):
    put(place)
    code = (
        "from benchmarks import datasets, training\n"
        "print(datasets.linear.params[1], training.linear.params[2])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "['churn', 'diabetes'] ['churn', 'diabetes']\n"
