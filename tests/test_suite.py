"""The asv suite: what it lists, what it plans, and the values that it reads from a session."""

from __future__ import annotations

import importlib
import json
import math

import numpy as np
import pytest
from asv import runner
from asv_runner.discovery import disc_benchmarks

import impls
from benchmarks import _measure, _plan, _provenance, _suite
from benchmarks._own import folder
from benchmarks._session import journal, notes, session
from benchmarks._session.inputs import Data
from benchmarks._session.journal import Cell, Journal, Known, Source
from benchmarks._session.session import Job
from benchmarks._session.values import Value
from impls import _machine, _table
from scripts._measured import plugin

MODULES = ["datasets", "epoch", "gradient", "training"]
GRADIENT = ["time", "time_over_baseline", "error", "workspace", "peak", "prepare"]
METHODS = {
    "datasets": GRADIENT,
    "epoch": ["epoch", "kernel_share"],
    "gradient": GRADIENT,
    "training": ["time_to_loss", "final_loss", "test_accuracy", "updates"],
}


def suite(module, problem="linear"):
    return getattr(importlib.import_module(f"benchmarks.{module}"), problem)()


# What asv finds


@pytest.fixture(scope="module")
def found():
    importlib.import_module("benchmarks")
    return list(disc_benchmarks("benchmarks"))


def test_templates_are_not_benchmarks(found):
    expected = {
        f"{module}.{problem}.track_{metric}"
        for problem in _plan.problems()
        for module, metrics in METHODS.items()
        for metric in metrics
    }
    assert {benchmark.name for benchmark in found} == expected
    assert _suite.Template.__abstractmethods__


def test_one_session_serves_all_benchmarks(found):
    """asv calls a set-up cache once for all benchmarks that have the same."""
    assert len({benchmark.setup_cache_key for benchmark in found}) == 1
    assert {benchmark.setup_cache_timeout for benchmark in found} == {4 * 3600}


def test_units_are_those_of_the_metrics(found):
    for benchmark in found:
        metric = benchmark.name.rpartition("track_")[2]
        assert benchmark.unit == _plan.metrics()[metric]["unit"]


@pytest.mark.parametrize("module", MODULES)
def test_parameters_come_from_the_working_tree(module):
    own = suite(module, "logistic")
    files = {name for name in impls.names("logistic") if _table.is_builtin("logistic", name)}
    assert set(own.params[0]) == files
    assert all(type(value) in (str, int) for values in own.params for value in values)
    assert len(own.params) == len(own.param_names)


# What is planned


def test_plug_ins_are_listed_when_the_caller_asks_for_them(monkeypatch):
    monkeypatch.setenv("GRADMARK_PLUGINS", "logistic/mine other/yours")
    assert "mine" in _plan.implementations("logistic")
    assert "yours" not in _plan.implementations("logistic")


def test_sizes_of_another_preset_are_listed_if_asked_for(monkeypatch):
    monkeypatch.setenv("GRADMARK_PRESET", "smoke")
    assert _plan.listed_sizes() == ([10], [10])
    monkeypatch.setenv("GRADMARK_LISTED_PRESET", "full")
    assert _plan.listed_sizes()[1] == [10, 30, 100, 300, 1000, 10_000]


def test_a_preset_that_is_not_there_is_an_error(monkeypatch):
    monkeypatch.setenv("GRADMARK_PRESET", "fast")
    with pytest.raises(ValueError, match="'fast', expected one of smoke, quick, standard, full"):
        _plan.current_preset()


def test_the_presets_hold_the_sizes_that_the_readme_promises():
    presets = _plan.presets()
    for name in ("quick", "standard", "full"):
        sizes = presets[name].sizes
        assert (10, 10) in sizes
        assert (1000, 100) in sizes
        assert max(8 * n * d for n, d in sizes) >= 4 * 36e6
    assert (100_000, 10_000) in presets["full"].sizes
    for preset in presets.values():
        assert set(preset.sizes) <= set(presets["full"].sizes)
        assert set(preset.epochs) <= set(preset.sizes)
        assert preset.epochs


def test_presets_have_rounds_for_intervals():
    for name, preset in _plan.presets().items():
        assert preset.rounds * preset.generations >= 6 or name == "smoke"


def test_jobs_are_real_data_then_sizes_from_small_to_large():
    preset = _plan.Preset(((100, 10), (10, 10), (10, 100)), ((100, 10),), 5, 1, 1, 0.0, 0.001)
    jobs = list(_plan.jobs(preset, "linear", ["a", "b"]))
    titles = [job.data.title for job in jobs]
    assert titles == ["diabetes", "10 x 10", "10 x 100", "100 x 10"]
    assert [job.most_epochs for job in jobs] == [5, 0, 0, 0]
    assert [job.epochs for job in jobs] == [False, False, False, True]
    assert {job.names for job in jobs} == {("a", "b")}


def test_what_is_expected_to_take_time_grows_with_the_work():
    settings = _measure.settings_of(_plan.presets()["quick"], "1")
    small, large = Data("linear", 10, 10), Data("linear", 100_000, 1000)
    seconds = [
        session.expected_seconds(Job(data, names), settings)
        for data, names in ((small, ("a",)), (small, ("a", "b")), (large, ("a", "b")))
    ]
    assert 0 < seconds[0] < seconds[1] < seconds[2]


# What is missing


SMALL = Data("linear", 10, 10)


def cell(name="matrix", data=SMALL, **more):
    info = {"bytes_per_value": 8, "passes": None, "peer": "", "limited": False, "rtol": 1e-12}
    given = {"state": "ok", "reason": "", "digest": "now", "generations": 1, "info": info} | more
    return Cell(data, name, "m1", measured_at="", **given)


def known_of(*cells):
    kept = Journal(None, Source("", "", "1"), "")
    kept.add_cells(cells)
    return kept.known


def test_what_is_known_is_not_missing():
    jobs = [
        Job(Data("linear", 10, 10), ("matrix", "fused"), epochs=True),
        Job(Data("linear", 20, 10), ("matrix",)),
        Job(Data("linear", dataset="diabetes"), ("matrix",), most_epochs=3),
    ]
    first = known_of(cell(), cell(data=Data("linear", 20, 10)))
    second = known_of(cell("fused", state="failed"), cell("fused", digest="old"))
    left = _measure.missing(jobs, [first, second], lambda each: each.digest == "now")
    assert left == jobs[2:]
    left = _measure.missing(jobs, [first, second], lambda each: each.digest == "old")
    assert left == [Job(jobs[0].data, ("matrix",), epochs=True), *jobs[1:]]
    assert _measure.missing(jobs, [Known()], lambda _: True) == jobs


@pytest.mark.parametrize(("threads", "n_threads"), [("all", _machine.count_threads()), ("1", 1)])
def test_settings_are_those_of_the_preset(threads, n_threads):
    preset = _plan.presets()["standard"]
    settings = _measure.settings_of(preset, threads)
    assert settings.threads == n_threads
    for name in ("rounds", "warm_seconds", "sample_seconds"):
        assert getattr(settings, name) == getattr(preset, name)
    assert settings.limited
    assert settings.twin
    assert settings.costs


# What is read


KEY = ("linear", "10 x 10", "matrix", "time")


def read(value, metric="time"):
    return suite("gradient").read(metric, {(*KEY[:3], metric): value}, "matrix", 10, 10)


def test_samples_are_handed_to_asv():
    value = Value(2.0, samples=(1.0, 2.0, 3.0))
    assert read(value) == {"samples": [1.0, 2.0, 3.0], "number": 1}


def test_what_has_no_samples_is_a_number():
    assert read(Value(1e-16), "error") == 1e-16


@pytest.mark.parametrize("state", ["skipped", "missing"])
def test_what_is_skipped_is_nan_for_asv(state):
    assert math.isnan(read(Value(state=state, reason="why")))


def test_what_was_not_measured_is_nan():
    assert math.isnan(suite("gradient").read("time", {}, "matrix", 10, 10))


@pytest.mark.parametrize("state", ["wrong", "failed", "too fast"])
def test_a_fault_fails_with_its_reason(state):
    with pytest.raises(RuntimeError, match=f"{state}: why"):
        read(Value(state=state, reason="why"))


# A session that asv starts


@pytest.fixture
def asv(tmp_path, monkeypatch):
    """asv's variables, a small plan of two implementations, and a folder for the journals."""
    monkeypatch.setattr(_measure, "FOLDER", tmp_path / "session")
    monkeypatch.setattr(_measure._provenance, "record", lambda: "now")
    monkeypatch.setattr(_plan, "problems", lambda: ["linear", "not_in_the_commit"])
    monkeypatch.setattr(_plan, "implementations", lambda _: ["float32", "matrix", "unwritten"])
    monkeypatch.setattr(_plan, "solvers", lambda: impls.solvers.names())
    for name, text in {
        "ASV_COMMIT": "0123456789abcdef0123456789abcdef01234567",
        "ASV_ENV_NAME": "env",
        "GRADMARK_PRESET": "smoke",
        "GRADMARK_THREADS": "1",
        "GRADMARK_MACHINE": "here",
    }.items():
        monkeypatch.setenv(name, text)
    return tmp_path / "session" / "here"


def test_all_that_asv_asks_for_is_measured_once_and_read(asv, monkeypatch, capsys):
    values = suite("gradient").setup_cache()
    assert "in gradients" in capsys.readouterr().out
    for module, metrics in METHODS.items():
        for metric in metrics:
            for name in ("float32", "matrix"):
                on = ["diabetes"] if module in ("datasets", "training") else [10, 10]
                by = ["gd"] if module in ("epoch", "training") else []
                value = suite(module).read(metric, values, name, *by, *on)
                numbers = value["samples"] if isinstance(value, dict) else [value]
                skipped = metric in ("test_accuracy", "time_to_loss", "peak")
                assert skipped or all(number >= 0 for number in numbers)
    (path,) = asv.iterdir()
    known = journal.read(path)
    assert known.source == Source("0123456789abcdef0123456789abcdef01234567", "env", "1")
    assert set(known.digests.values()) == {"now"}

    monkeypatch.setattr(session, "run", None)
    assert repr(suite("training").setup_cache()) == repr(values)  # some are NaN

    def refuse(jobs, *_):
        raise InterruptedError([job.names for job in jobs])

    monkeypatch.setattr(session, "run", refuse)
    monkeypatch.setattr(_measure._provenance, "record", lambda: "changed")
    with pytest.raises(InterruptedError) as caught:
        suite("gradient").setup_cache()
    assert caught.value.args[0] == [("float32", "matrix", "unwritten")] * 2


def test_of_the_users_data_sets_the_edited_one_alone_is_measured_again(asv, monkeypatch, tmp_path):
    monkeypatch.setenv(folder.VARIABLE, str(tmp_path))
    monkeypatch.setattr(_plan, "implementations", lambda _: ["matrix"])
    path = tmp_path / "linear" / "mine.csv"
    path.parent.mkdir()
    path.write_text("a,y\n1,2\n3,4\n")
    (tmp_path / "linear" / "other.csv").write_text("a,y\n5,6\n7,9\n")
    values = suite("datasets").setup_cache()
    assert values["linear", "mine", "matrix", "time"].value > 0

    def refuse(jobs, *_):
        raise InterruptedError([job.data.title for job in jobs])

    monkeypatch.setattr(session, "run", refuse)
    assert suite("datasets").setup_cache().keys() == values.keys()
    path.write_text("a,y\n1,2\n3,5\n")
    with pytest.raises(InterruptedError) as caught:
        suite("datasets").setup_cache()
    assert caught.value.args[0] == ["mine"]


def test_asv_tells_what_a_suite_has_left_aside(tmp_path, monkeypatch, capsys):
    """It drops the output of a suite that measures."""
    monkeypatch.setattr(plugin.guardian, "folder", lambda: str(tmp_path))
    monkeypatch.setenv(notes.VARIABLE, "")  # set back afterwards

    def measure(*arguments):
        notes.leave_aside("".join(arguments))
        return "done"

    monkeypatch.setattr(runner.Spawner, "create_setup_cache", measure)
    plugin._tell_notes()
    for text in ("some line", "another"):
        assert runner.Spawner.create_setup_cache(text) == "done"
        assert capsys.readouterr().err.count(f"left aside: {text}") == 2  # the suite, then asv
    assert not (tmp_path / "notes").exists()


def test_what_the_commit_lacks_is_no_failure(asv):
    values = suite("gradient").setup_cache()
    assert math.isnan(suite("gradient").read("time", values, "unwritten", 10, 10))
    value = values["linear", "10 x 10", "unwritten", "time"]
    assert value.state == "skipped"
    assert "unwritten" in value.reason
    assert not any(key[0] == "not_in_the_commit" for key in values)


def test_a_longer_preset_measures_what_has_too_few_generations(asv, monkeypatch):
    kept = Journal(asv / "some.jsonl", Source("0" * 40, "env", "1"), "now")
    kept.add_cells([cell(generations=1)])
    wanted = []
    monkeypatch.setattr(_measure, "path_of", lambda *_: asv / "some.jsonl")
    monkeypatch.setattr(_plan, "implementations", lambda _: ["matrix"])
    monkeypatch.setattr(
        session, "run", lambda jobs, *_: wanted.extend(jobs) or session.Split(wall=1.0)
    )
    suite("gradient").setup_cache()
    assert [job.data.title for job in wanted] == ["diabetes"]
    wanted.clear()
    monkeypatch.setenv("GRADMARK_PRESET", "standard")
    suite("gradient").setup_cache()
    assert "10 x 10" in [job.data.title for job in wanted]


def test_the_state_of_a_process_is_that_of_the_tree(tmp_path, monkeypatch):
    monkeypatch.setattr(_provenance, "FOLDER", tmp_path)
    monkeypatch.setenv("NUMBA_DISABLE_JIT", "1")
    monkeypatch.setenv("NUMBA_CACHE_DIR", "elsewhere")
    digest = _provenance.record.__wrapped__()
    state = json.loads((tmp_path / f"{digest}.json").read_text())
    assert state["files"]["impls/logistic/matrix.py"]
    assert state["files"]["benchmarks/_session/rounds.py"]
    assert state["versions"]["numpy"] == np.__version__
    assert state["settings"]["NUMBA_DISABLE_JIT"] == "1"
    assert "NUMBA_CACHE_DIR" not in state["settings"]
    assert _provenance.record.__wrapped__() == digest
