"""Damaged and hostile files in the place of each file that is read: named, left aside, in time."""

from __future__ import annotations

import io
import json
import signal
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from asv.results import iter_results

from benchmarks import _plan
from benchmarks._session import journal
from impls.softmax._files import load_npz
from scripts._common import checked, isolated, kept, lock, metrics, presets, project
from scripts._common.checked import Misfit
from scripts._common.errors import UserError, explain
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
    own_pages,
    results,
    state,
)
from scripts._measured.safe_pages import refuse_markup
from tests import _hostile
from tests._paged import CURVE, loss_curve
from tests._recorded import Recorded

LONGEST_SECONDS = 5
RESULTS = Path(__file__).parent / "data" / "results.json"
FUSED = Description("One pass.", "1", 8.0, "one pass", 1e-12)
MACHINE = {"version": 1, "machine": "recorded", "cpu": "AMD EPYC", "ram": "1000"}
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
    start = time.monotonic()
    signal.setitimer(signal.ITIMER_REAL, 4 * LONGEST_SECONDS)
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)
    assert time.monotonic() - start < 4 * LONGEST_SECONDS


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
        path.write_bytes(record if isinstance(record, bytes) else _hostile.dumped(record))
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
    frame = results.load_results(place.now)
    own = frame[(frame["implementation"] == "matrix") & (frame["metric"] == "time")]
    assert (own["state"] == "ok").any()
    machine_page.describe_machine(MACHINE)


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
    "home": Reader("home.json", lambda _: {"version": 1, HOST: FACTS}, machine_file),
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
    "images": Reader("odd.npz", lambda _: saved(**IMAGES), images),
}
# What a reader says where nothing goes on without the file.
REFUSALS = (UserError, Misfit, OSError)
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
    return good if isinstance(good, bytes) else _hostile.dumped(good)


@pytest.mark.parametrize("name", READERS)
def test_a_good_file_is_read_without_a_word(name, place, capsys):
    path = place.put(place.path_for(name), good_bytes(name, place))
    assert attempt(name, place, path) == ""
    assert "left aside" not in capsys.readouterr().err


@pytest.mark.parametrize("damage", _hostile.FILES)
@pytest.mark.parametrize("name", READERS)
def test_what_stands_in_a_files_place_stops_nothing_else(name, damage, place, capsys):
    path = place.path_for(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    good = good_bytes(name, place)
    path.unlink(missing_ok=True)
    _hostile.FILES[damage](path, good)
    start = time.monotonic()
    refusal = attempt(name, place, path)
    assert time.monotonic() - start < LONGEST_SECONDS
    told = refusal + capsys.readouterr().err
    assert "\n" not in refusal
    if damage in _hostile.KINDS and name not in SILENT:
        assert path.name in told


# Caches, which are made again, and copies, which are left out.
SILENT = {"journal of a suite", "kept text", "owner of a run", "report", "asv's benchmarks"}


@pytest.mark.parametrize("name", RECORDS)
def test_any_value_may_be_anything(name, place):
    good = READERS[name].good(place)
    for told, record in _hostile.variants(good):
        path = place.put(place.path_for(name), record)
        try:
            attempt(name, place, path)
        except Exception as error:
            raise AssertionError(told) from error
