"""What is written where nothing can be: old files stay whole, and nothing half-written is left."""

from __future__ import annotations

import ast
import errno
import json
import os
import resource
import sys
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from asv import util

from benchmarks._session import journal
from impls import _provenance
from impls._files import folder_aside, save_array, write_json, write_whole
from scripts import compare, race
from scripts._common.errors import UserError, explain
from scripts._experiments import Outcome, TextTable, _written
from scripts._measured import driver, losses, plugin, sampling
from scripts._race.result import Race
from scripts._report import pictures
from scripts._report.files import write_data, write_index, write_page, write_tables
from tests._paged import FACTS, loss_curve
from tests._rows import made_rows
from tests.test_compare import compared, some
from tests.test_race import SETTINGS, made_result

ROOT = Path(__file__).resolve().parent.parent
ROWS = made_rows().assign(highlighted=False)
SOURCE = journal.Source("a" * 40, "here", "all")


def contents(folder):
    """Bytes of each file of a folder, hidden or not."""
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def fails_with(number):
    def fail(*_, **__):
        raise OSError(number, os.strerror(number))

    return fail


@contextmanager
def largest_file(n_bytes):
    """The disk, as a process sees it that may write no larger file; Python ignores the signal."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (n_bytes, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EACCES, errno.EIO])
@pytest.mark.parametrize("step", ["write_bytes", "replace", "mkdir", "fsync"])
def test_a_failed_write_leaves_the_old_file_and_names_it(step, number, tmp_path, monkeypatch):
    path = tmp_path / "a.csv"
    write_whole(path, "old")
    monkeypatch.setattr(os if step == "fsync" else Path, step, fails_with(number))
    with pytest.raises(OSError, match=r"a\.csv") as raised:
        write_whole(path, "new")
    assert raised.value.errno == number
    assert explain(raised.value).startswith(f"{path}: {os.strerror(number)}")
    assert contents(tmp_path) == {path: b"old"}


def test_a_file_that_is_cut_off_never_gets_the_name(tmp_path):
    path = tmp_path / "a.csv"
    write_whole(path, "old")
    with largest_file(1000), pytest.raises(OSError, match=r"a\.csv"):
        write_whole(path, "x" * 5000)
    assert contents(tmp_path) == {path: b"old"}


def test_what_a_killed_process_has_left_is_deleted_after_an_hour(tmp_path):
    left = [tmp_path / f"{name}.1.part" for name in ("a.csv", "a.csv.new", "b.csv")]
    for part in left:
        part.touch()
        os.utime(part, (0, 0))
    fresh = tmp_path / "a.csv.2.part"  # of a process that may be writing
    fresh.touch()
    write_whole(tmp_path / "a.csv", "new")
    assert {*contents(tmp_path)} == {tmp_path / "a.csv", fresh, left[2]}


def report(folder, text):
    rows = ROWS.assign(reason=text, commit=text)
    facts = replace(FACTS, commit=text)
    write_data(rows, folder)
    write_tables(rows, facts, folder, ())
    write_index(rows, {}, [], facts, folder, [text])
    write_page(rows, [], facts, folder)


def picture(folder, text):
    drawing = pictures._Drawing("logistic", "memory", ROWS)
    pictures._draw(drawing, replace(FACTS, commit=text), folder, ("png", "svg", "pdf"))


def experiment(folder, text):
    outcome = Outcome([TextTable(text, ["a"], [[text]])], rows=[{"a": text}])
    _written.write("descent", "descent", outcome, FACTS, folder)


def race_report(folder, text):
    race._write(Race(SETTINGS, (made_result(),)), replace(FACTS, commit=text), folder)


def comparison(folder, text):
    compare._write(compared(some(), notes=(text,)), "1", folder)


def loss(folder, text):
    losses.FOLDER, before = folder, losses.FOLDER
    try:
        state = SimpleNamespace(provenance=SimpleNamespace(digest=text))
        losses.save_losses(state, [loss_curve()])
    finally:
        losses.FOLDER = before


WRITERS = {
    "report": report,
    "picture": picture,
    "experiment": experiment,
    "race": race_report,
    "comparison": comparison,
    "json": lambda folder, text: write_json(folder / "a.json", [text]),
    "asv": lambda folder, text: plugin._write_whole(str(folder / "a.json"), [text]),
    "state": lambda folder, text: _provenance.save(
        _provenance.Provenance({text: text}, {}, {}), folder
    ),
}


@pytest.mark.parametrize("writer", WRITERS)
def test_every_output_is_whole_on_a_full_disk(writer, tmp_path, monkeypatch):
    WRITERS[writer](tmp_path, "old")
    before = contents(tmp_path)
    monkeypatch.setattr(os, "fsync", fails_with(errno.ENOSPC))
    with pytest.raises(OSError, match=str(tmp_path)) as raised:
        WRITERS[writer](tmp_path, "new")
    assert raised.value.errno == errno.ENOSPC
    assert before
    assert contents(tmp_path) == before


# Where something may be written in place, and why.
IN_PLACE = {
    "impls/_files.py": "the one place",
    "impls/_measure.py": "no file: the kernel's counter of peaks",
    "scripts/_compare/environments.py": "a temporary folder",
    "scripts/_compare/fresh.py": "a temporary folder",
    "scripts/_measured/own_pages.py": "pages that are made aside",
    "scripts/_measured/offline_pages.py": "pages that are made aside",
    "scripts/_scale/disk.py": "a temporary folder",
}


def writes(path):
    """Calls of a file that may write to a path in place."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            given = [ast.unparse(each) for each in node.args]
            is_open = node.func.attr == "open" and any(text[:2] in ("'w", "'x") for text in given)
            is_frame = node.func.attr == "to_parquet" and given
            is_figure = node.func.attr == "savefig" and given[0] not in ("content", "pixels")
            if is_open or is_frame or is_figure or node.func.attr in ("write_text", "write_bytes"):
                yield f"{path.relative_to(ROOT).as_posix()}:{node.lineno}"


@pytest.mark.parametrize("folder", ["impls", "benchmarks", "scripts"])
def test_files_are_written_through_one_function(folder):
    found = [line for path in sorted((ROOT / folder).rglob("*.py")) for line in writes(path)]
    assert [line for line in found if line.partition(":")[0] not in IN_PLACE] == []


# The journal.


@pytest.fixture
def kept(tmp_path):
    return journal.Journal(tmp_path / "session" / "a.jsonl", SOURCE, "digest")


def test_a_full_disk_cuts_no_line_of_a_journal(kept, tmp_path):
    kept.add_facts({"cpu": "x"})
    before = contents(tmp_path)
    ((path, written),) = before.items()
    with largest_file(len(written) + 5), pytest.raises(OSError, match=r"a\.jsonl"):
        kept.add_facts({"cpu": "y"})
    assert contents(tmp_path) == before
    with largest_file(len(written)), pytest.raises(OSError, match=r"a\.jsonl"):
        kept.add_facts({"cpu": "y"})
    kept.add_facts({"cpu": "z"})
    assert journal.read(path).facts == {"cpu": "z"}


def test_a_full_disk_leaves_no_journal_without_its_first_line(kept, tmp_path, monkeypatch):
    monkeypatch.setattr(os, "fsync", fails_with(errno.ENOSPC))
    with pytest.raises(OSError, match=r"a\.jsonl"):
        kept.add_facts({"cpu": "x"})
    assert contents(tmp_path) == {}


def test_a_journal_that_is_moved_meanwhile_gets_all_lines_of_its_session(kept, tmp_path):
    kept.add_facts({"cpu": "x"})
    kept.add_facts({"cpu": "y"})
    (tmp_path / "session").rename(tmp_path / "moved")
    kept.add_facts({"cpu": "z"})
    lines = (tmp_path / "session" / "a.jsonl").read_text().splitlines()
    kinds = [json.loads(line) for line in lines]
    assert kinds[0] == {"kind": "source", "format": 1, **vars(SOURCE)}
    assert [each["facts"]["cpu"] for each in kinds[1:]] == ["x", "y", "z"]


# Folders, and asv.


def test_a_folder_takes_the_place_of_the_old_one_when_it_is_whole(tmp_path):
    pages = tmp_path / "html"
    for text in ("old", "new"):
        with folder_aside(pages) as part:
            part.mkdir()
            (part / text).touch()
    assert {*contents(tmp_path)} == {pages / "new"}
    with pytest.raises(UserError), folder_aside(pages) as part:
        part.mkdir()
        raise UserError("asv has failed")
    assert {*contents(tmp_path)} == {pages / "new"}
    assert [*tmp_path.iterdir()] == [pages]


def test_a_folder_that_cannot_be_renamed_leaves_the_old_one(tmp_path):
    pages = tmp_path / "html"
    pages.mkdir()
    (pages / "old").touch()
    with pytest.raises(FileNotFoundError), folder_aside(pages):
        pass  # nothing was made
    assert {*contents(tmp_path)} == {pages / "old"}


@pytest.fixture
def asv(tmp_path, monkeypatch):
    monkeypatch.setattr(driver, "STATE", tmp_path)
    return lambda code: driver._run([sys.executable, "-c", code], {})


def test_asvs_last_words_are_told(asv):
    with pytest.raises(UserError, match=r"status 1 \(too few \[31m\); its output is in .*asv\.log"):
        asv("print('much'); print(' too few \\x1b[31m'); raise SystemExit(1)")


def test_a_full_disk_is_told_where_asv_has_failed(asv, tmp_path, monkeypatch):
    monkeypatch.setattr(os, "fsync", fails_with(errno.ENOSPC))
    with pytest.raises(OSError, match=str(tmp_path)) as raised:
        asv("raise SystemExit(1)")
    assert "make room there" in explain(raised.value)


def test_pages_that_cannot_be_published_stay_as_they_were(tmp_path, monkeypatch):
    conf = SimpleNamespace(html_dir=str(tmp_path / "html"))
    (tmp_path / "html").mkdir()
    (tmp_path / "html" / "index.html").write_text("old")

    def run(command, _variables):
        Path(command[-1]).mkdir()
        raise UserError("asv ended with status 1")

    monkeypatch.setattr(driver.Config, "load", lambda _: conf)
    monkeypatch.setattr(driver, "_check_pages", lambda _: None)
    monkeypatch.setattr(driver, "_run", run)
    with pytest.raises(UserError, match="status 1"):
        driver.publish(tmp_path / "some.json", "0" * 40)
    assert contents(tmp_path) == {tmp_path / "html" / "index.html": b"old"}
    assert [*tmp_path.iterdir()] == [tmp_path / "html"]


def test_asvs_configuration_is_written_again_if_it_was_moved(tmp_path, monkeypatch):
    monkeypatch.setattr(driver, "STATE", tmp_path)
    session = driver.Session("a" * 40, "1", (), "setup")
    path = session.config_path
    first = path.read_bytes()
    path.unlink()
    assert session.config_path.read_bytes() == first


def test_asvs_own_files_are_written_aside_once_the_plug_in_is_set_up(tmp_path, monkeypatch):
    monkeypatch.setattr(util, "write_json", util.write_json)
    plugin.keep_whole()
    util.write_json(str(tmp_path / "a.json"), {"a": 1}, 2)
    assert util.load_json(str(tmp_path / "a.json"), 2) == {"a": 1}
    with pytest.raises(TypeError):
        util.write_json(str(tmp_path / "a.json"), {"a": object()}, 2)
    assert util.load_json(str(tmp_path / "a.json"), 2) == {"a": 1}
    assert [*tmp_path.iterdir()] == [tmp_path / "a.json"]


def test_a_full_folder_for_temporary_files_is_told_by_its_name(tmp_path):
    with largest_file(1000), pytest.raises(OSError, match=str(tmp_path)) as raised:
        save_array(str(tmp_path / "X.npy"), np.zeros(1000))
    assert raised.value.errno in (errno.ENOSPC, errno.EFBIG)


def test_a_clock_that_is_set_back_makes_no_curve():
    assert sampling._rise([1.0, 1.0, 2.0])
    assert not sampling._rise([1.0, 3.0, 2.0])
