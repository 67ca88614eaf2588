"""Damaged and hostile files in the place of each file that is read: named, left aside, in time."""

from __future__ import annotations

import io
import itertools
import json
import re
import signal
import struct
import sys
import time
import zipfile
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from asv.commands import compare as asv_compare
from asv.commands import show as asv_show
from asv.results import iter_results

from benchmarks import _measure, _plan
from benchmarks._own import limits
from benchmarks._session import journal
from benchmarks._session.journal import Journal
from impls import TableError, _tuned
from impls._files import Unreadable
from impls.softmax._files import load_npz
from scripts import compare, race, recommend, report, run, train
from scripts._common import (
    checked,
    facts,
    isolated,
    kept,
    lock,
    metrics,
    presets,
    project,
)
from scripts._common.checked import Misfit
from scripts._common.errors import UserError, explain, run_command
from scripts._common.isolated import Description
from scripts._common.own_data import load_own
from scripts._compare import results as compared
from scripts._measured import (
    asv_files,
    curves,
    descriptions,
    journals,
    losses,
    machine,
    machine_page,
    measuring,
    own_pages,
    results,
    state,
)
from scripts._measured.safe_pages import refuse_markup
from tests import _damaged
from tests._paged import CURVE, loss_curve
from tests._recorded import LINES, SOURCE, Recorded

LONGEST_SECONDS = 5
_FOREVER_SECONDS = 60
RESULTS = Path(__file__).parent / "data" / "results.json"
FUSED = Description("One pass.", "1", 8.0, "one pass", 1e-12)
MACHINE = {"version": 1, "machine": "recorded", "cpu": "a processor", "ram": "25276514304"}
# Of an implementation of the recorded tree.
MEMORY = replace(CURVE, implementation="matrix")
LOSS = replace(loss_curve(), implementation="matrix")
HOST = machine.Machine.get_unique_machine_name()


class Late(BaseException):
    """A reader takes too long."""


@pytest.fixture(autouse=True)
def in_time():
    """End a reader that waits."""

    def end(*_):
        raise Late

    before = signal.signal(signal.SIGALRM, end)
    signal.setitimer(signal.ITIMER_REAL, _FOREVER_SECONDS)
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A recorded tree with results, curves and files of asv's; every path is below the folder."""
    return Place(tmp_path, monkeypatch)


class Place(Recorded):
    def __init__(self, folder, monkeypatch):
        super().__init__(folder, monkeypatch)
        self.folder, self.monkeypatch = folder, monkeypatch
        for module, name in ((curves, "curves"), (losses, "losses")):
            monkeypatch.setattr(module, "FOLDER", folder / name)
        monkeypatch.setattr(project, "STATE", folder / "asv")
        monkeypatch.setattr(machine, "STATE", folder / "asv")
        monkeypatch.setattr(machine.MachineCollection, "get_machine_file_path", self._home)
        monkeypatch.setattr(compared, "machine_name", lambda: "recorded")
        monkeypatch.setattr(isolated, "describe", lambda _, names: dict.fromkeys(names, FUSED))
        self.digest = next(self.provenance.glob("*.json")).stem
        for name, record in (("curves", MEMORY), ("losses", LOSS)):
            self.put(f"{name}/good.json", self.curve(record))
        self.put("results/recorded/machine.json", MACHINE)
        self.put("results/recorded/f358501e-good.json", json.loads(RESULTS.read_text()))

    def _home(self):
        return str(self.folder / "home.json")

    def put(self, name, record):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(record if isinstance(record, bytes) else _damaged.dumped(record))
        return path

    def path_for(self, name):
        return self.folder / READERS[name].path.replace("DIGEST", self.digest)

    @cached_property
    def now(self):
        return self.state()

    def curve(self, curve):
        return json.loads(json.dumps(asdict(curve))) | {"state": self.digest}

    @property
    def benchmarks(self):
        params = json.loads(RESULTS.read_text())["results"][TIME][1]
        names = ["implementation", "n_samples", "n_features"]
        own = {"name": TIME, "code": "", "unit": "seconds", "version": "1", "type": "time"}
        return {TIME: own | {"params": params, "param_names": names}, "version": 2}


TIME = "gradient.logistic.time_gradient"


@dataclass(frozen=True)
class Reader:
    """A file that is read.

    Attributes
    ----------
    path : str
        Below the folder of a `Place`.
    good : callable
        Of a place: a good record.
    read : callable
        Of a place and a path: reads it, and asserts that what stands beside it is there.
    """

    path: str
    good: Callable[[Any], Any]
    read: Callable[[Any, Path], None]


def journal_beside(place, path):
    journals._open.cache_clear()
    found = [
        each
        for each in results.journals_of(results.store_of("recorded"))
        if each.path == place.path
    ]
    assert any(name == "matrix" for _, name in found[0].known.cells)
    machine_page.describe_machine("recorded", MACHINE)


def journal_of_a_suite(place, path):
    journal.read(path)


def memory(place, path):
    assert MEMORY in curves.load_curves(place.now)
    curves._is_known(path, place.now)


def loss(place, path):
    assert LOSS in losses.load_losses(place.now)


def state_file(place, path):
    state.load_state.cache_clear()
    state.load_state(path.stem)


def descriptions_file(place, path):
    assert descriptions.describe(place.now, "logistic", ["matrix"]).keys() == {"matrix"}


def home_file(place, path):
    (place.folder / "asv" / "machines" / f"{HOST}.json").unlink(missing_ok=True)
    machine_file(place, path)


def machine_file(place, path):
    assert machine.settle_machine().is_file()


def asv_results(place, path):
    folder = place.folder / "results"
    asv_files.setup()
    names = [each._filename for each in iter_results(str(folder))]
    assert "recorded/f358501e-good.json" in names
    refuse_markup(str(folder), {}, ())
    for each in asv_files.faults(str(folder)):
        checked.leave_aside(each)


def asv_machine(place, path):
    asv_files.setup()
    list(iter_results(str(place.folder / "results")))
    assert "recorded" in own_pages._machines(str(place.folder / "results"))
    for each in asv_files.faults(str(place.folder / "results")):
        checked.leave_aside(each)


def asv_benchmarks(place, path):
    asv_files.benchmarks_fault(str(path.parent))


def preset_file(place, path):
    place.monkeypatch.setattr(_plan, "PRESETS", path)
    assert presets.presets()


def metric_file(place, path):
    place.monkeypatch.setattr(_plan, "METRICS", path)
    metrics.metrics.__wrapped__()


def kept_text(place, path):
    assert kept.kept(path.name, lambda: "made") is not None


def owner(place, path):
    assert lock._read(path)


def report_page(place, path):
    own_pages.copy_report(path, place.folder / "copy.html")


def tuned_numbers(_, path):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(_tuned.VARIABLE, str(path))
        assert set(_tuned.tuned()) <= set(_tuned.ALLOWED)


def own_data(place, path):
    load_own("logistic", path)


def images(place, path):
    load_npz(path)


def saved(**arrays):
    file = io.BytesIO()
    np.savez(file, **arrays)
    return file.getvalue()


X, Y = np.random.default_rng(0).normal(size=(20, 3)), np.arange(20) % 2
FRAME = pd.DataFrame(X, columns=list("abc")).assign(y=Y)
IMAGES = {"X_train": X, "y_train": Y, "X_test": X, "y_test": Y}
FACTS = dict.fromkeys(["machine", "os", "arch", "cpu", "num_cpu", "ram"], "mine")
READERS = {
    "journal": Reader(
        "asv/session/recorded/odd.jsonl", lambda place: place.path.read_bytes(), journal_beside
    ),
    "journal of a suite": Reader(
        "odd.jsonl", lambda place: place.path.read_bytes(), journal_of_a_suite
    ),
    "memory curve": Reader("curves/odd.json", lambda place: place.curve(MEMORY), memory),
    "loss curve": Reader("losses/odd.json", lambda place: place.curve(LOSS), loss),
    "state": Reader(
        "asv/provenance/DIGEST.json", lambda place: asdict(place.now.provenance), state_file
    ),
    "descriptions": Reader(
        "asv/descriptions.json",
        lambda place: {"logistic/matrix": asdict(FUSED) | {"state": place.digest}},
        descriptions_file,
    ),
    "machine": Reader(
        f"asv/machines/{HOST}.json", lambda _: {"version": 1, HOST: FACTS}, machine_file
    ),
    "home": Reader("home.json", lambda _: {"version": 1, HOST: FACTS}, home_file),
    "asv's results": Reader(
        "results/recorded/odd.json", lambda _: json.loads(RESULTS.read_text()), asv_results
    ),
    "asv's machine": Reader("results/odd/machine.json", lambda _: MACHINE, asv_machine),
    "asv's benchmarks": Reader(
        "results/benchmarks.json", lambda place: place.benchmarks, asv_benchmarks
    ),
    "presets": Reader("odd.json", lambda _: json.loads(_plan.PRESETS.read_text()), preset_file),
    "metrics": Reader("odd.json", lambda _: json.loads(_plan.METRICS.read_text()), metric_file),
    "kept text": Reader("asv/kept/odd.js", lambda _: b"text", kept_text),
    "owner of a run": Reader("asv/run.owner", lambda _: b"process 1", owner),
    "report": Reader("odd.html", lambda _: b"<html></html>", report_page),
    "npz": Reader("odd.npz", lambda _: saved(X=X, y=Y), own_data),
    "npy": Reader("odd.npy", lambda _: _npy(np.column_stack([X, Y])), own_data),
    "csv": Reader("odd.csv", lambda _: FRAME.to_csv(index=False).encode(), own_data),
    "parquet": Reader("odd.parquet", lambda _: FRAME.to_parquet(index=False), own_data),
    "tuned numbers": Reader("odd.toml", lambda _: b"step_rows = 4\n", tuned_numbers),
    "images": Reader("odd.npz", lambda _: saved(**IMAGES), images),
}
# What a reader says where nothing goes on without the file.
REFUSALS = (UserError, Misfit, OSError, TableError)
RECORDS = [name for name, each in READERS.items() if each.path.endswith(".json")]


def _npy(array):
    file = io.BytesIO()
    np.save(file, array)
    return file.getvalue()


def attempt(name, place, path):
    """Read, and return what the reader refuses it for; empty if it goes on."""
    refusals = (*REFUSALS, ValueError, FileNotFoundError) if name == "images" else REFUSALS
    try:
        READERS[name].read(place, path)
    except refusals as error:
        return explain(error) if isinstance(error, OSError) else str(error)
    return ""


def good_bytes(name, place):
    good = READERS[name].good(place)
    return good if isinstance(good, bytes) else _damaged.dumped(good)


@pytest.mark.parametrize("name", READERS)
def test_a_good_file_is_read_without_a_word(name, place, capsys):
    path = place.put(place.path_for(name), good_bytes(name, place))
    assert attempt(name, place, path) == ""
    assert "left aside" not in capsys.readouterr().err


@pytest.mark.parametrize("name", READERS)
def test_what_stands_in_a_files_place_stops_nothing_else(name, place, capsys):
    good, path = good_bytes(name, place), place.path_for(name)
    for damage, put in _damaged.FILES.items():
        _clear(path)
        put(path, good)
        start = time.monotonic()
        refusal = attempt(name, place, path)
        assert time.monotonic() - start < LONGEST_SECONDS, damage
        assert "\n" not in refusal, damage
        told = refusal + capsys.readouterr().err
        if damage in _damaged.KINDS and name not in SILENT:
            assert path.name in told, damage


# Caches, which are made again, and copies, which are left out.
SILENT = {"kept text", "owner of a run", "report", "asv's benchmarks"}


def _clear(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.is_dir() and not path.is_symlink():
        path.rmdir()
    else:
        path.unlink(missing_ok=True)


@pytest.mark.parametrize("name", RECORDS)
def test_any_value_may_be_anything(name, place):
    good = READERS[name].good(place)
    for told, record in _damaged.variants(good, most=2 if name in ALIKE else 13):
        path = place.put(place.path_for(name), record)
        try:
            attempt(name, place, path)
        except Exception as error:
            raise AssertionError(told) from error


ALIKE = ("presets", "metrics", "descriptions")  # many records of one form
LINE = {json.loads(line)["kind"]: json.loads(line) for line in reversed(LINES)}


@pytest.mark.parametrize("kind", LINE)
def test_a_line_is_named_or_its_values_can_be_shown(kind, place):
    """What is taken up from a journal leads to rows, advice and no error."""
    taken = []
    for told, record in _damaged.variants(LINE[kind] | {"digest": place.digest}):
        path = place.put("one.jsonl", _damaged.dumped(record))
        found = journals.read_journal(path)
        if found.misfits or found.fault:
            assert all(each.startswith("line 1: ") for each in found.misfits), told
            continue
        taken.append(path.read_bytes())
        if kind == "facts":
            facts.read_facts(found.known.facts, "all")
        for cell in itertools.chain.from_iterable(found.known.cells.values()):
            results.holds_in(place.now)(cell)
            _measure.read_values(cell, found.known)
    lines = [line.replace("DIGEST", place.digest).encode() for line in LINES]
    # The last of several counts: that of a source has to be a good one.
    place.path.write_bytes(b"\n".join([*taken, *lines] if kind == "source" else [*lines, *taken]))
    assert taken
    journal_beside(place, place.path)
    assert len(results.load_results(place.now))


NEWER = ["journal", "memory curve", "loss curve", "state", "descriptions", "presets"]


@pytest.mark.parametrize("name", NEWER)
def test_a_file_of_a_newer_version_says_so(name, place, capsys):
    good = READERS[name].good(place)
    if name == "journal":
        first, *rest = good.splitlines()
        record = b"\n".join([_damaged.dumped(json.loads(first) | {"format": 2}), *rest])
    else:
        record = {"format": 2} | good
    path = place.put(place.path_for(name), record)
    told = attempt(name, place, path) + capsys.readouterr().err
    assert f"{path.name} cannot be read (a newer version of Gradmark has written it" in told
    assert "update Gradmark" in told


def test_nothing_is_added_to_a_journal_of_a_newer_version(place):
    lines = place.path.read_text().splitlines()
    first = json.dumps(json.loads(lines[0]) | {"format": 2})
    place.path.write_text("\n".join([first, *lines[1:]]) + "\n")
    before = place.path.read_bytes()
    with pytest.raises(UserError, match=r"nothing can be kept: the journal .* newer version"):
        measuring._begun(place.path, order())
    with pytest.raises(Unreadable, match="newer version"):
        Journal(place.path, SOURCE, "digest").add_facts({})
    assert place.path.read_bytes() == before


@pytest.mark.parametrize("damage", [each for each in _damaged.KINDS if "nothing" not in each])
def test_a_run_does_not_begin_where_it_cannot_keep_anything(damage, place):
    path = place.folder / "odd.jsonl"
    _damaged.KINDS[damage](path, b"")
    with pytest.raises(UserError, match=r"nothing can be kept: the journal .* move it away"):
        measuring._begun(path, order())


def test_a_journal_that_lost_its_first_line_gets_it_again(place):
    place.path.write_text("\n".join(["{", *LINES[1:]]) + "\n")
    Journal(place.path, SOURCE, "digest").add_facts({})
    assert journals.read_journal(place.path).known.source == SOURCE


def test_only_what_is_kept_goes_on(place):
    assert measuring._begun(place.path, order()).cells
    assert not measuring._begun(place.path, replace(order(), is_kept=False)).cells
    assert not measuring._begun(place.path, replace(order(), again=True)).cells


def order():
    return measuring.Order((), None, 1, "all")


# Files that are made to be huge


@pytest.mark.parametrize("name", [each for each in READERS if "json" in READERS[each].path])
def test_a_key_that_stands_twice_is_named(name, place, capsys):
    """The last value would win without a word, and the others would be lost."""
    good = good_bytes(name, place)
    first = good.splitlines()[0]
    twice = first.replace(b'"', b'"odd": 1, "odd": 1, "', 1) + good[len(first) :]
    path = place.put(place.path_for(name), twice)
    told = attempt(name, place, path) + capsys.readouterr().err
    if name != "asv's benchmarks":  # a cache, which is made again
        assert path.name in told
        assert "the key 'odd' twice in an object" in told
    else:
        assert "the key 'odd' twice" in asv_files.benchmarks_fault(str(path.parent))


@pytest.mark.parametrize("record", [b"", b"[]", b"null", {"version": 1}, MACHINE | {"ram": {}}])
@pytest.mark.parametrize("command", [asv_show, asv_compare], ids=["show", "compare"])
def test_asv_names_damaged_facts_and_shows_other_machines(command, record, place, caplog):
    path = place.put("results/odd/machine.json", record)
    asv_files.setup()
    found = list(command.iter_machine_files(str(place.folder / "results")))
    assert found == [str(place.folder / "results" / "recorded" / "machine.json")]
    assert f"asv's facts about a machine in {path} cannot be read" in caplog.text


def test_more_choices_of_parameters_than_can_be_listed_are_named(place):
    params = [[str(i) for i in range(100)]] * 15
    row = [[1.0], params, "1"]
    record = json.loads(RESULTS.read_text()) | {"results": {TIME: row}}
    path = place.put("results/recorded/odd.json", record)
    why = asv_files.fault(path, asv_files.ResultFile)
    told = f"results.{TIME}: params has 1{',000' * 10} choices, expected at most"
    assert why.startswith(told)
    asv_results(place, path)


@pytest.mark.parametrize("item", ['"x"', "{}", "[]", "1", "null"])
def test_of_millions_of_misfits_the_first_is_looked_for(item, place, capsys):
    text = f'{{"seconds": [{",".join([item] * 10**6)}]}}'
    assert len(text) < 8 * 2**20
    path = place.put("losses/odd.json", text.encode())
    loss(place, path)
    told = capsys.readouterr().err
    assert len(told) < 500
    assert not re.search(r"and \d{3,} more", told)


def test_a_journal_of_nothing_but_damage_is_given_up(place, capsys):
    place.put("asv/session/recorded/odd.jsonl", b"{}\n" * 10**6)
    journal_beside(place, None)
    assert "more than 1,000 of its lines do not fit; line 1: " in capsys.readouterr().err


def test_arrays_that_shrank_as_zeros_alone_do_are_not_read(place, monkeypatch):
    monkeypatch.setattr(limits, "_LARGE", 2**20)
    zeros = np.zeros((2**18, 8))
    file = io.BytesIO()
    np.savez_compressed(file, X=zeros, y=zeros[:, 0])
    frame = pd.DataFrame(zeros, columns=list("abcdefgh"))
    for name, data in {"odd.npz": file.getvalue(), "odd.parquet": frame.to_parquet()}.items():
        with pytest.raises(UserError, match=r"expected at most 500 times as much; if they are dat"):
            load_own("linear", place.put(name, data))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (b"," * 2**23 + b"\n1\n", "its first line has over 4.19 MB"),
        (b"\n\n" + b"," * 30_000 + b"\n1\n", "it has 30,001 columns, expected at most 20,000"),
        (b'"a"' + b",1" * 30_000 + b"\n1\n", "it has 30,001 columns, expected at most 20,000"),
        (b"a,y\n1,0\n" + bytes(5000), "it ends in bytes of zero"),
    ],
)
def test_a_table_that_is_none_is_not_parsed(text, told, place):
    with pytest.raises(UserError, match=re.escape(told)):
        load_own("logistic", place.put("odd.csv", text))


@pytest.mark.parametrize("read", [load_own, None])
def test_what_a_header_claims_is_not_allocated(read, place):
    claimed = np.lib.format.magic(1, 0) + struct.pack("<H", 118)
    shape = f"{{'descr': '<f8', 'fortran_order': False, 'shape': ({10**9}, 1000)}}"
    claimed += shape.ljust(118).encode()
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name in ("X", "y", *IMAGES):
            archive.writestr(f"{name}.npy", claimed + bytes(80))
    path = place.put("odd.npz", file.getvalue())
    with pytest.raises((UserError, ValueError), match=r"odd\.npz"):
        load_own("logistic", path) if read else load_npz(path)


@pytest.mark.parametrize("load", [lambda path: load_own("logistic", path), load_npz])
@pytest.mark.parametrize("ending", [".npz", ".npy"])
def test_objects_are_not_unpickled(load, ending, place):
    class Trap:
        def __reduce__(self):
            return pytest.fail, ("it was unpickled",)

    traps = np.array([[Trap(), 1], [2, 3]], dtype=object)
    data = saved(**dict.fromkeys(["X", "y", *IMAGES], traps)) if ending == ".npz" else _npy(traps)
    with pytest.raises((UserError, ValueError), match=r"Python objects|allow_pickle|no \.npz"):
        load(place.put(f"odd{ending}", data))


# Commands beside everything at once


def damaged_everywhere(place):
    """Put each damage beside the good files of each folder; return the paths."""
    paths = []
    for folder, ending in (
        *(("asv/session/recorded", ".jsonl"), ("asv/session/recorded", "-late.jsonl")),
        *(("curves", ".json"), ("losses", ".json"), ("results/recorded", ".json")),
        *(("asv/provenance", ".json"), ("results/other", ".json")),
    ):
        for number, put in enumerate(_damaged.FILES.values()):
            path = place.folder / folder / f"bad{number}{ending}"
            path.parent.mkdir(parents=True, exist_ok=True)
            put(path, place.path.read_bytes() if "jsonl" in ending else RESULTS.read_bytes())
            paths.append(path)
    (place.folder / "asv" / "descriptions.json").write_text("[" * 10_000)
    return paths


def call(monkeypatch, command, *arguments):
    monkeypatch.setattr(sys, "argv", ["command", *map(str, arguments)])
    with pytest.raises(SystemExit) as ended:
        run_command(command)
    return ended.value.code


def test_a_report_shows_what_is_good(place, monkeypatch, capsys):
    damaged_everywhere(place)
    monkeypatch.setattr(report, "working_tree", lambda: place.tree)
    monkeypatch.setattr(report, "drawn_aside", lambda *_: nullcontext(tuple))
    assert call(monkeypatch, report.main, "--out", place.folder / "out") == 0
    told = capsys.readouterr()
    assert "numba_loop" in told.out
    for name in ("bad0.jsonl", "bad1.jsonl", "bad0.json", "descriptions.json"):
        assert name in told.err
    assert (place.folder / "out" / "timing.md").is_file()


def test_advice_and_a_comparison_are_of_what_is_good(place, monkeypatch, capsys):
    damaged_everywhere(place)
    monkeypatch.setattr(recommend, "working_tree", lambda: place.tree)
    assert call(monkeypatch, recommend.main, 1000, 10) == 0
    assert "Measured at 1,000 x 10." in capsys.readouterr().out
    monkeypatch.setattr(compared, "working_tree", lambda: place.tree)
    assert call(monkeypatch, compare.main, "matrix", "numba_loop") == 0
    assert "numba_loop" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("command", "arguments"),
    [
        (race.main, ("--data",)),
        (recommend.main, ("--data",)),
        (train.main, ("softmax_fault", "--data")),
    ],
    ids=["race", "recommend", "train"],
)
def test_data_that_cannot_be_read_end_a_command_in_a_sentence(
    command, arguments, place, monkeypatch, capsys
):
    for number, damage in enumerate([*_damaged.KINDS, "nothing", "half of it", "a pickle"]):
        path = place.folder / f"mine{number}.npz"
        _damaged.FILES[damage](path, saved(X=X, y=Y))
        out = ("--out", place.folder / "out") if command is not recommend.main else ()
        # 2 where the option is refused before the command begins.
        assert call(monkeypatch, command, *arguments, path, *out) in (1, 2), damage
        (line,) = capsys.readouterr().err.splitlines()
        assert line.startswith("error: "), damage
        assert path.name in line, damage


def test_damaged_presets_end_a_command_in_a_sentence(place, monkeypatch, capsys):
    monkeypatch.setattr(_plan, "PRESETS", place.put("presets.json", {"quick": {}}))
    assert call(monkeypatch, run.main) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert "presets.json cannot be read (quick.sizes is missing, and" in line
    assert line.endswith("restore it: git checkout -- presets.json")
