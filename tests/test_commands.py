"""The commands: their plans, their output and their refusals."""

from __future__ import annotations

import argparse
import json
import math
import os
import re
import subprocess
import sys
import time
from collections import Counter
from contextlib import contextmanager, nullcontext
from dataclasses import asdict, replace
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

import impls
from benchmarks import _measure, _plan
from benchmarks._session import session, worker
from benchmarks._session.journal import Cell
from benchmarks._session.measured import BASELINE, Round
from benchmarks._session.process import Out
from benchmarks._session.values import Value
from impls import _machine, _table
from scripts import _tables, check, list, report, run
from scripts._common import facts as _facts
from scripts._common import isolated, lock, metrics, project
from scripts._common.errors import UserError, checks_usage, run_command
from scripts._common.names import check_threads
from scripts._measured import chosen, driver, journals, results, state
from scripts._report import files
from scripts._tables import _rows
from tests._planting import plant
from tests._recorded import ENVIRONMENT, Recorded

ROOT = Path(__file__).resolve().parent.parent
SMALL = _plan.Preset(((1000, 10), (10, 10), (10, 100)), ((10, 10),), 0, 2, 1, 0.0, 0.001)


def call(main, *argv, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["command", *argv])
    return main()


def options(**given):
    defaults = {"preset": "quick", "threads": "all", "again": False}
    defaults |= {"problem": None, "impl": None, "bench": None}
    return argparse.Namespace(**defaults | given)


def plan(**given):
    """Cells that a run plans, as (title of the data, implementation)."""
    jobs = run._jobs(SMALL, options(**{"problem": "logistic"} | given))
    return [(job.data.title, name) for job in jobs for name in job.names]


def test_the_plan_goes_from_real_data_over_small_to_large():
    titles = [title for title, _ in plan(impl=["matrix"])]
    assert titles == ["breast_cancer", "digits_even_odd", "10 x 10", "10 x 100", "1,000 x 10"]


def test_a_plan_holds_every_implementation_at_every_size():
    names = [name for title, name in plan() if title == "10 x 100"]
    assert sorted(names) == sorted(impls.names("logistic"))


def test_epochs_are_measured_at_the_presets_sizes_alone():
    jobs = run._jobs(SMALL, options(problem="linear"))
    assert [job.data.title for job in jobs if job.epochs] == ["10 x 10"]


def test_one_problem_is_measured_alone():
    assert {job.data.problem for job in run._jobs(SMALL, options())} == set(impls.problems())
    jobs = run._jobs(SMALL, options(problem="softmax"))
    assert {job.data.problem for job in jobs} == {"softmax"}


def test_what_matches_nothing_names_the_options_and_what_cells_are_called():
    wanted = options(problem="linear", bench="nothing")
    text = run._nothing_matches(wanted)
    assert "no cell that matches --problem linear and --bench nothing" in text
    assert "None" not in text
    example = re.search(r"names like (.*)$", text)[1]
    (job,) = run._jobs(SMALL, options(bench=re.escape("logistic.track_time('matrix', 1000, 10)")))
    assert "gradient.logistic.track_time('matrix', 1000, 10)" in run._names(job, "matrix")
    assert example.startswith("gradient.logistic.track_time('matrix', 1000, 10")


@pytest.mark.parametrize(
    ("pattern", "cells"),
    [
        (
            r"gradient.logistic.track_time\('matrix', 10,",
            {("10 x 10", "matrix"), ("10 x 100", "matrix")},
        ),
        ("'chunked', 1000, ", {("1,000 x 10", "chunked")}),
        ("'matrix', 'breast_cancer'", {("breast_cancer", "matrix")}),
        ("track_nothing", set()),
    ],
)
def test_a_pattern_selects_cells_as_asv_names_them(pattern, cells):
    assert set(plan(bench=pattern)) == cells


@pytest.fixture
def written(monkeypatch, tmp_path):
    """Let runs write into a folder, without asv; yields what they file with asv."""
    filed = []
    monkeypatch.setattr(driver, "STATE", tmp_path)
    monkeypatch.setattr(project, "PROVENANCE", tmp_path / "provenance")
    monkeypatch.setattr(project, "STATE", tmp_path)
    monkeypatch.setattr(_measure, "FOLDER", tmp_path / "session")
    monkeypatch.setattr(driver.Session, "environment", "same")
    monkeypatch.setattr(driver, "file_results", lambda _, values: filed.append(dict(values)))
    monkeypatch.setattr(_plan, "presets", lambda: {"quick": SMALL, "smoke": SMALL})
    state.load_state.cache_clear()
    journals._open.cache_clear()
    return filed


def pretend(monkeypatch, **states):
    """Replace the session: each implementation has the state given, or ``ok``; list its jobs."""
    done = []

    def measure(jobs, settings, kept, known, generations, on_seconds):
        for job in jobs:
            names = dict.fromkeys([BASELINE, *job.names])
            times = {name: 1e-6 for name in names if states.get(name, "ok") == "ok"}
            kept.add_round("0" * 12, job.data, Round(0, times, {8: 1e9}, dict.fromkeys(times, 1.0)))
            kept.add_cells(pretended(job.data, n, states.get(n, "ok"), kept.digest) for n in names)
        done.extend(jobs)
        return session.Split(1.0)

    monkeypatch.setattr(session, "run", measure)
    return done


def pretended(data, name, word, digest):
    reason = "" if word == "ok" else f"why {name} is {word}"
    info = {"bytes_per_value": 8, "passes": 2, "peer": "", "limited": False, "rtol": 1e-9}
    shape = (data.n_samples, data.n_features)
    place = ("0" * 12, word, reason, digest, "2026-09-24T12:00:00+00:00", 1)
    return Cell(data, name, *place, shape=shape, info=info, costs={"error": 1e-16})


LINEAR = ("--problem", "linear", "--impl", "float32", "numba_parallel")


def test_what_is_known_is_not_measured_again(monkeypatch, written, capsys):
    done = pretend(monkeypatch)
    assert call(run.main, *LINEAR, monkeypatch=monkeypatch) == 0
    n_cells = sum(len(job.names) for job in done)
    assert f"{n_cells} cells measured. Next: " in capsys.readouterr().out
    done.clear()
    assert call(run.main, *LINEAR, monkeypatch=monkeypatch) == 0
    assert done == []
    assert f"0 cells measured, {n_cells} were known" in capsys.readouterr().out
    assert call(run.main, *LINEAR, "--again", monkeypatch=monkeypatch) == 0
    assert sum(len(job.names) for job in done) == n_cells
    assert written[0].keys() == written[1].keys()
    assert written[1]["linear", "10 x 10", "float32", "time"].value == 1e-6


def test_what_has_failed_is_measured_again_and_is_the_status(monkeypatch, written, capsys):
    done = pretend(monkeypatch, float32="died")
    assert call(run.main, *LINEAR, monkeypatch=monkeypatch) == 2
    out, err = capsys.readouterr()
    assert err.count("linear/float32: failed at ") == 1
    assert "why float32 is died" in err
    assert "1 implementations are faulty, see above" in out
    done.clear()
    call(run.main, *LINEAR, monkeypatch=monkeypatch)
    assert {name for job in done for name in job.names} == {"float32"}


@pytest.mark.parametrize("word", ["refused", "skipped", "unavailable"])
def test_what_is_left_out_is_no_fault_and_is_known(monkeypatch, written, capsys, word):
    done = pretend(monkeypatch, float32=word)
    assert call(run.main, *LINEAR, monkeypatch=monkeypatch) == 0
    err = capsys.readouterr().err
    assert ("Not available here: linear/float32; python -m scripts.list" in err) == (
        word == "unavailable"
    )
    done.clear()
    assert call(run.main, *LINEAR, monkeypatch=monkeypatch) == 0
    assert done == []


@pytest.mark.parametrize(("preset", "kept"), [("smoke", False), ("quick", True)])
def test_a_smoke_run_keeps_nothing(monkeypatch, tmp_path, written, preset, kept):
    done = pretend(monkeypatch)
    assert call(run.main, *LINEAR, "--preset", preset, monkeypatch=monkeypatch) == 0
    assert done
    assert bool(written) == kept
    assert any(tmp_path.glob("session/*/*.jsonl")) == kept
    assert any(tmp_path.glob("provenance/*")) == kept


def test_asv_shows_nothing_for_a_fault_and_nan_for_what_is_not_there():
    values = {
        ("linear", "10 x 10", "a", "time"): Value(2e-6, samples=(1e-6, 2e-6, 3e-6)),
        ("linear", "10 x 10", "b", "time"): Value(state="wrong", reason="error 1e-3"),
        ("linear", "1000 x 10", "a", "time"): Value(state="skipped", reason="takes too long"),
    }
    params = [["'a'", "'b'"], ["10", "1000"], ["10"]]
    benchmark = {"name": "gradient.linear.track_time", "params": params}
    found = driver._result_of(benchmark, values)
    assert found.result[0] == 2e-6
    assert math.isnan(found.result[1])
    assert found.result[2] is None
    assert math.isnan(found.result[3])
    assert found.samples == [[1e-6, 2e-6, 3e-6], None, None, None]


@pytest.mark.parametrize(
    ("benchmark", "params", "key"),
    [
        ("datasets.linear.track_time", ("'a'", "'diabetes'"), ("diabetes", "a", "time")),
        ("epoch.linear.track_epoch", ("'a'", "'sgd'", "10", "20"), ("10 x 20", "a", "epoch/sgd")),
        ("training.linear.track_updates", ("'a'", "'gd'", "'x'"), ("x", "a", "updates/gd")),
    ],
)
def test_asvs_parameters_lead_to_the_value(benchmark, params, key):
    values = {("linear", *key): Value(3.0)}
    record = {"name": benchmark, "params": [[text] for text in params]}
    assert driver._result_of(record, values).result == [3.0]


@pytest.mark.parametrize("damage", ["", "{", "[]", "null", "3", '{"version": 2}', "\0\xff"])
def test_a_damaged_result_file_is_written_anew(monkeypatch, tmp_path, damage):
    filing = argparse.Namespace(_all_benchmarks={"x": BENCHMARK})
    monkeypatch.setattr(driver, "STATE", tmp_path)
    monkeypatch.setattr(driver, "_run_asv", lambda *_: 0)
    monkeypatch.setattr(driver.Benchmarks, "load", lambda _: filing)
    monkeypatch.setattr(driver, "ROOT", ROOT)
    conf = driver.Config.load(str(driver.Session("0" * 40, "all", (), "01234567").config_path))
    conf.results_dir = str(tmp_path / "results")
    monkeypatch.setattr(driver.Config, "load", lambda _: conf)
    monkeypatch.setattr(driver.Session, "environment", "same")
    monkeypatch.setattr(driver.Session, "python", "3.11")
    own = driver.Session("0" * 40, "all", (), "01234567")
    values = {("linear", "10 x 10", "a", "time"): Value(2e-6)}
    driver.file_results(own, values)
    (path,) = (tmp_path / "results").glob("*/0*.json")
    good = path.read_text()
    path.write_text(damage, encoding="latin-1")
    driver.file_results(own, values)
    keys = ("results", "params", "env_vars")
    assert [json.loads(path.read_text())[k] for k in keys[1:]] == [
        json.loads(good)[k] for k in keys[1:]
    ]
    assert json.loads(path.read_text())["results"]["gradient.linear.track_time"][0] == [2e-6]


BENCHMARK = {
    "name": "gradient.linear.track_time",
    "params": [["'a'"], ["10"], ["10"]],
    "version": "3",
}


def test_a_real_smoke_run_measures_and_keeps_nothing(monkeypatch, tmp_path, capsys):
    monkeypatch.setattr(_measure, "FOLDER", tmp_path / "session")
    selected = ("--problem", "linear", "--impl", "numba_parallel", "--bench", "10, 10")
    assert call(run.main, "--preset", "smoke", *selected, monkeypatch=monkeypatch) == 0
    out, err = capsys.readouterr()
    assert out == "1 cells measured. Next: python -m scripts.report\n"
    assert re.search(r"\d+ s: \d+% in gradients", err)
    assert not (tmp_path / "session").exists()


def test_packages_are_found_without_importing_them():
    assert _table.missing_package("logistic", "matrix") is None
    assert _table.missing_package("logistic", "fused") is None
    assert not _table._is_installed("no-such-package")


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["--impl", "matrx"], "no implementation 'matrx'; did you mean matrix?"),
        (["--preset", "quik"], "no preset 'quik'; did you mean quick?"),
        (["--threads", "0"], "--threads is '0', expected all or a number from 1 to"),
        (["--threads", "two"], "--threads is 'two'"),
        (["--bench", "("], "--bench '(' is no regular expression"),
    ],
)
def test_run_refuses_what_it_does_not_know(argv, message):
    with pytest.raises(UserError) as caught:
        run._parse(argv)
    assert message in str(caught.value)


@pytest.mark.parametrize("command", ["run", "report", "check", "list", "publish", "trace", "race"])
def test_help_has_examples(command):
    done = subprocess.run(
        [sys.executable, "-m", f"scripts.{command}", "--help"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=True,
    )
    assert f"examples:\n  python -m scripts.{command}" in done.stdout


def test_a_users_error_is_one_line_and_exit_status_1(capsys):
    def refuse():
        raise UserError("say what to do")

    with pytest.raises(SystemExit) as ended:
        run_command(refuse)
    assert ended.value.code == 1
    assert capsys.readouterr().err == "error: say what to do\n"


def test_wrong_usage_is_one_line_and_exit_status_2(capsys):
    @checks_usage
    def refuse():
        raise UserError("say\nwhat\x1b[2J to do")

    with pytest.raises(SystemExit) as ended:
        run_command(refuse)
    assert ended.value.code == 2
    assert capsys.readouterr().err == "error: say what [2J to do\n"


@pytest.mark.parametrize("text", ["²", "٣", "01", "0", "9" * 5000, "1.0", " 1", ""])
def test_threads_are_a_number_as_it_is_written(text):
    with pytest.raises(UserError, match=r"^--threads is "):
        check_threads(text)


@contextmanager
def load_here(problem, name):
    """In place of `isolated.started`, which starts a process."""
    order = {"problem": problem, "name": name, "threads": _machine.count_threads()}

    def ask(step, _):
        reply = getattr(worker.Contender(order), step)()
        if "state" in reply:
            raise Out(reply["state"], reply["reason"])
        return reply

    yield SimpleNamespace(ask=ask)


@pytest.fixture
def without_processes(monkeypatch):
    """One for each implementation takes half a second; `test_isolated` starts them."""
    monkeypatch.setattr(isolated, "started", load_here)
    monkeypatch.setattr(isolated, "each", map)


def test_list_shows_every_implementation(without_processes, monkeypatch, capsys):
    assert call(list.main, monkeypatch=monkeypatch) == 0
    text = capsys.readouterr().out
    wanted = Counter(name for problem in impls.problems() for name in impls.names(problem))
    wanted["name"] = len(impls.problems())  # the head of each table
    assert Counter(re.findall(r"^(\w+)  ", text, re.MULTILINE)) == wanted


def test_list_goes_on_past_a_broken_entry(without_processes, monkeypatch, tmp_path, capsys):
    plant("linear", {"broken": "total = 1"}, tmp_path, monkeypatch)
    assert call(list.main, "linear", monkeypatch=monkeypatch) == 1
    text = capsys.readouterr().out
    assert "broken: the entry point broken = " in text
    assert "has no function gradient(weights, X, y)" in text
    assert "numba_parallel" in text


def test_check_passes_what_is_right(monkeypatch, capsys):
    assert call(check.main, "logistic/matrix", monkeypatch=monkeypatch) == 0
    assert "1 checked, 0 wrong" in capsys.readouterr().out


MATRIX = """
import numpy as np

def right(weights, X, y):
    return (1 / (1 + np.exp(-np.clip(X @ weights, -700, 700))) - y) @ X

def gradient(weights, X, y):
"""


def check_file(body, tmp_path, monkeypatch):
    path = tmp_path / "mine.py"
    path.write_text(MATRIX + body)
    return call(check.main, "logistic", "--file", str(path), monkeypatch=monkeypatch)


def test_check_tells_where_a_gradient_is_wrong(monkeypatch, tmp_path, capsys):
    body = "    gradient = right(weights, X, y)\n    gradient[-1] += 1e-6\n    return gradient\n"
    assert check_file(body, tmp_path, monkeypatch) == 1
    text = capsys.readouterr().out
    assert "WRONG logistic/mine: 1000 x 10: component 9: got " in text
    assert "more components wrong" not in text.split("1000 x 10: component")[1].split("\n")[0]


def test_check_survives_a_kernel_that_raises(monkeypatch, tmp_path, capsys):
    assert check_file("    return 1 / 0\n", tmp_path, monkeypatch) == 1
    assert "ZeroDivisionError" in capsys.readouterr().out


def test_check_refuses_unknown_names(monkeypatch):
    with pytest.raises(UserError, match="did you mean matrix"):
        call(check.main, "logistic/matrx", monkeypatch=monkeypatch)
    with pytest.raises(UserError, match="did you mean logistic"):
        call(check.main, "logistc", monkeypatch=monkeypatch)


def frame(*rows):
    """Results of (implementation, n_samples, metric, value, state, reason)."""
    columns = dict.fromkeys(results.COLUMNS, "")
    records = [
        {**columns, "problem": "logistic", "implementation": name, "n_samples": n_samples}
        | {"n_features": 10, "metric": metric, "value": value, "low": value, "high": value}
        | {"state": state, "reason": reason, "bytes_per_value": 8.0, "rtol": 1e-12}
        | {"family": "one pass"}
        for name, n_samples, metric, value, state, reason in rows
    ]
    return pd.DataFrame(records)


NAN = float("nan")
TIMES = frame(
    ("matrix", 10, "time", 8e-6, "ok", ""),
    ("fast", 10, "time", 2e-6, "ok", ""),
    ("slow", 10, "time", NAN, "skipped", "takes too long"),
    ("bad", 10, "time", NAN, "wrong", "error 1e-3"),
    ("dead", 10, "time", NAN, "failed", "died"),
    ("new", 10, "time", NAN, "missing", "not run"),
    ("matrix", 10, "speed_up", 1.0, "ok", ""),
    ("fast", 10, "speed_up", 4.0, "ok", ""),
    ("fast", 10, "workspace", 80.0, "ok", ""),
    ("fast", 10, "error", 0.0, "ok", ""),
)


def test_the_timing_table_reads_well():
    table = (
        _tables.render("timing", TIMES)
        .split("by number of samples\n\n")[1]
        .split("\n\n## Preparation")[0]
    )
    assert (
        table
        == """\
|        |                 10 |
|--------|--------------------|
| bad    |          wrong [1] |
| dead   |         failed [2] |
| fast   | 2.00 us ±0%, 4.00x |
| matrix | 8.00 us ±0%, 1.00x |
| new    |            missing |

1. error 1e-3
2. died

- skipped throughout: slow (takes too long)"""
    )


def test_the_fastest_is_a_measured_one():
    assert _rows.fastest_rows(TIMES) == [
        ["logistic", "10 x 10", "fast", "2.00 us", "4.00x", "80 B", "0", "same", *[""] * 4]
    ]


def test_each_precision_has_its_own_fastest_and_less_of_it_is_told():
    rows = [("half", 10, "time", 1e-6, "ok", ""), ("half", 10, "error", 6e-8, "ok", "")]
    rows.append(("half", 10, "speed_up", 8.0, "ok", ""))
    rough = [("rough", 10, "time", 5e-7, "ok", ""), ("rough", 10, "error", 2e-4, "ok", "")]
    results = pd.concat([TIMES, frame(*rows, *rough)])
    (row,) = _rows.fastest_rows(results)
    assert row[2:4] == ["fast", "2.00 us"]
    assert row[7:] == ["half", "1.00 us", "8.00x", "n/a", "6.00e-08"]
    page = _tables.render("timing", results)
    assert "Faster somewhere, but less exact than both: rough (error 2e-04)." in page


def test_what_is_exact_to_float32_alone_leaves_the_other_half_empty():
    results = frame(("half", 10, "time", 1e-6, "ok", ""), ("half", 10, "error", 6e-8, "ok", ""))
    (row,) = _rows.fastest_rows(results)
    assert (row[2], row[7]) == ("none", "half")


@pytest.mark.parametrize("table", _tables.names("results"))
def test_tables_show_every_state_and_no_zero_for_what_is_not_there(table):
    names = [*(metric.name for metric in metrics.metrics().values()), "novelty"]
    rows = [
        (state, 10, metric, NAN, state, f"reason of {metric}")
        for metric in names
        for state in ("skipped", "failed", "wrong", "missing")
    ]
    text = _tables.render(table, frame(*rows))
    assert all(f"| {state}" in text for state in ("failed", "wrong", "missing"))
    assert "- skipped throughout: skipped (reason of " in text
    assert "reason of" in text
    assert " 0 " not in text


def test_a_metric_without_a_page_is_shown_by_its_unit_among_the_others():
    rows = frame(("matrix", 10, "novelty", 2e-6, "ok", "")).assign(unit="seconds")
    assert "2.00 us" in _tables.render("others", rows)
    assert _tables.render("others", TIMES) == ""


def test_the_report_of_recorded_results(tmp_path, monkeypatch, capsys):
    recorded = Recorded(tmp_path, monkeypatch)
    monkeypatch.setattr(report, "working_tree", lambda: recorded.tree)
    out = tmp_path / "out"
    assert call(report.main, "--out", str(out), monkeypatch=monkeypatch) == 0
    printed = capsys.readouterr().out
    assert "numba_loop" in printed  # who wins
    assert printed.rstrip().endswith(f"Open {out / 'index.html'}")
    written = {path.name for path in out.iterdir()}
    assert {"index.html", "timing.md", "memory.md", "results.csv", "results.parquet"} <= written
    assert {"logistic-time_by_samples.png", "logistic-speedup.png"} <= written
    assert recorded.tree.title in (out / "timing.md").read_text(encoding="utf-8")
    index = (out / "README.md").read_text(encoding="utf-8")
    for path in out.glob("*.png"):
        assert f"]({path.name})" in index
    for path in out.glob("[!R]*.md"):
        assert f"[{path.name}]({path.name}): " in index
    assert index.index("logistic-winners.png") < index.index("logistic-bandwidth.png")
    tidy = pd.read_parquet(out / "results.parquet")
    assert len(tidy) == len(pd.read_csv(out / "results.csv"))
    for path in out.iterdir():
        assert ENVIRONMENT.encode() not in path.read_bytes(), path  # it may hold a path


def test_a_report_of_some_lists_what_it_has_written_alone(tmp_path, monkeypatch, capsys):
    recorded = Recorded(tmp_path, monkeypatch)
    monkeypatch.setattr(report, "working_tree", lambda: recorded.tree)
    out = tmp_path / "out"
    out.mkdir()
    for name in ("race.md", "race.png", "logistic-memory.svg", "memory.md"):
        (out / name).write_text("of an earlier run")
    options = ["--only", "speedup", "timing", "--format", "svg", "pdf"]
    options += ["--impl", "numba_loop", "--baseline", "float32"]
    assert call(report.main, "--out", str(out), *options, monkeypatch=monkeypatch) == 0
    index = (out / "README.md").read_text(encoding="utf-8")
    files = set(re.findall(r"\]\(([^)]*)\)", index))
    assert files == {"timing.md", "logistic-speedup.svg", "results.csv", "results.parquet"}
    assert (out / "logistic-speedup.pdf").read_bytes().startswith(b"%PDF")
    assert not [*out.glob("*speedup.png")]
    assert "Of the implementations: float32, numba_loop." in index
    assert "Speed-ups are over float32: the ratio of two speed-ups over matrix" in index
    assert "nested_loop" not in (out / "timing.md").read_text(encoding="utf-8")
    # The data are as they were measured.
    data = pd.read_csv(out / "results.csv")
    speed_ups = data[(data["metric"] == "speed_up") & (data["implementation"] == "float32")]
    assert (speed_ups["value"] != 1).any()


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--only", "winers"], "no picture or table 'winers'; did you mean winners?"),
        (["--only", "race"], "no picture or table 'race'"),
        (["--format", "jpg"], "no format 'jpg'"),
        (["--impl", "matrx"], "did you mean matrix"),
        (["--baseline", "matrx"], "did you mean matrix"),
        (["--problem", "logistc"], "did you mean logistic"),
    ],
)
def test_a_report_refuses_unknown_names(options, told, tmp_path, monkeypatch):
    recorded = Recorded(tmp_path, monkeypatch)
    monkeypatch.setattr(report, "working_tree", lambda: recorded.tree)
    with pytest.raises(UserError, match=re.escape(told)):
        call(report.main, "--out", str(tmp_path / "out"), *options, monkeypatch=monkeypatch)


def test_the_index_links_what_a_race_and_experiments_left(tmp_path, monkeypatch):
    for name in ("race.md", "race.png", "descent.md"):
        (tmp_path / name).write_text("")
    made = _facts.collect_facts("all", "commit 01234567")
    pictures, pages = files.left_there(tmp_path)
    files.write_index(TIMES, pages, pictures, made, tmp_path, [])
    index = (tmp_path / "README.md").read_text(encoding="utf-8")
    assert "](race.png)" in index
    assert "- [race.md](race.md): All against all" in index
    assert "- [descent.md](descent.md): " in index
    assert "recursion" not in index


def test_the_least_bytes_are_the_problems_own():
    results = pd.DataFrame(
        {
            "problem": ["softmax", "softmax", "logistic"],
            "implementation": ["matrix", "float32", "matrix"],
            "n_samples": [10, 10, None],
            "n_features": [10, 10, None],
        }
    ).astype({"n_samples": "Int64", "n_features": "Int64"})
    described = chosen.describe(results)
    assert described["compulsory_bytes"][:2].tolist() == [2480.0, 1280.0]
    assert described["working_set"][:2].tolist() == [2480.0, 2480.0]
    assert math.isnan(described["compulsory_bytes"][2])


def test_an_unknown_name_to_highlight_is_refused(tmp_path, monkeypatch):
    recorded = Recorded(tmp_path, monkeypatch)
    monkeypatch.setattr(report, "working_tree", lambda: recorded.tree)
    with pytest.raises(UserError, match="did you mean matrix"):
        call(report.main, "--out", str(tmp_path), "--highlight", "matrx", monkeypatch=monkeypatch)


def test_a_name_to_highlight_that_is_left_out_is_refused(tmp_path, monkeypatch):
    recorded = Recorded(tmp_path, monkeypatch)
    monkeypatch.setattr(report, "working_tree", lambda: recorded.tree)
    options = "--out", str(tmp_path), "--problem", "logistic", "--impl", "float32"
    with pytest.raises(
        UserError, match="--highlight is numba_loop, which --problem or --impl leaves"
    ):
        call(report.main, *options, "--highlight", "numba_loop", monkeypatch=monkeypatch)


def test_a_report_of_stale_results_says_what_has_changed_and_whose_they_are(
    tmp_path, monkeypatch, capsys
):
    recorded = Recorded(tmp_path, monkeypatch)
    recorded.write("impls/_checks.py", "import numpy  # edited")
    monkeypatch.setattr(report, "working_tree", lambda: recorded.tree)
    monkeypatch.setattr(report, "drawn_aside", lambda *_: nullcontext(tuple))
    assert call(report.main, "--out", str(tmp_path / "out"), monkeypatch=monkeypatch) == 0
    assert "not measured since impls/_checks.py has changed" in capsys.readouterr().err
    assert "what was measured last" in (tmp_path / "out" / "timing.md").read_text()


def test_a_report_of_results_with_other_versions_names_those(tmp_path, monkeypatch):
    recorded = Recorded(tmp_path, monkeypatch)
    recorded.record_state(versions={"numpy": "1.2.3"})
    monkeypatch.setattr(report, "working_tree", lambda: recorded.tree)
    monkeypatch.setattr(report, "drawn_aside", lambda *_: nullcontext(tuple))
    assert call(report.main, "--out", str(tmp_path / "out"), monkeypatch=monkeypatch) == 0
    assert "numpy 1.2.3" in (tmp_path / "out" / "timing.md").read_text()
    versions = pd.read_parquet(tmp_path / "out" / "results.parquet")["versions"]
    assert versions.str.contains("numpy 1.2.3").any()


def test_a_second_run_waits_and_says_for_whom(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(project, "STATE", tmp_path)
    monkeypatch.setattr(sys, "argv", ["run.py", "--impl", "matrix"])
    with lock.only_one_at_a_time():
        code = (
            "import sys; from pathlib import Path; from scripts._common import lock, project\n"
            f"project.STATE = Path({str(tmp_path)!r})\n"
            "with lock.only_one_at_a_time(): print('second')"
        )
        command = [sys.executable, "-c", code]
        second = subprocess.Popen(command, cwd=ROOT, text=True, stdout=-1, stderr=-1)
        first_line = second.stderr.readline()
        assert second.poll() is None
    out, err = second.communicate(timeout=30)
    assert f"Waiting for process {os.getpid()} (run.py --impl matrix)" in first_line
    assert (out, err) == ("second\n", "")


def test_the_lock_of_a_run_that_was_killed_is_free(tmp_path, monkeypatch):
    monkeypatch.setattr(project, "STATE", tmp_path)
    code = (
        "import os, signal; from pathlib import Path; from scripts._common import lock, project\n"
        f"project.STATE = Path({str(tmp_path)!r})\n"
        "with lock.only_one_at_a_time(): os.kill(os.getpid(), signal.SIGKILL)"
    )
    subprocess.run([sys.executable, "-c", code], cwd=ROOT)
    with lock.only_one_at_a_time():
        assert str(os.getpid()) in (tmp_path / "run.owner").read_text()


def test_the_configuration_is_left_alone_that_asv_reads(tmp_path, monkeypatch):
    monkeypatch.setattr(driver, "STATE", tmp_path)
    session = driver.Session("0" * 40, threads="1", plugins=(), setup="01234567")
    name = session.environment
    assert "GRADMARK_THREADS1" in name
    assert "GRADMARK_SETUP01234567" in name
    session.config_path.write_text("read by asv")
    assert session.environment == name
    assert session.config_path.read_text() == "read by asv"


def test_an_interruption_leaves_no_process(tmp_path, monkeypatch):
    class Stopped(Exception):
        pass

    marker = tmp_path / "pid"
    code = (
        "import os, pathlib, subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'],"
        " start_new_session=True)\n"
        f"pathlib.Path({str(marker)!r}).write_text(str(child.pid))\n"
        "time.sleep(60)"
    )

    class Process(driver.psutil.Popen):
        """Its first wait is interrupted, once it has started a child."""

        waits = 0

        def wait(self, timeout=None):
            Process.waits += 1
            if Process.waits > 1:
                return super().wait(timeout)
            while not (marker.exists() and marker.read_text()):
                time.sleep(0.01)
            raise Stopped

    monkeypatch.setattr(driver, "STATE", tmp_path)
    monkeypatch.setattr(driver.psutil, "Popen", Process)
    with pytest.raises(Stopped):
        driver._run([sys.executable, "-c", code], {})
    child = int(marker.read_text())
    assert not driver.psutil.pid_exists(child) or (
        driver.psutil.Process(child).status() == driver.psutil.STATUS_ZOMBIE
    )


def test_pythonpath_is_kept_from_asv(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    out = tmp_path / "out"
    code = f"import os; open({str(out)!r}, 'w').write(os.environ.get('PYTHONPATH', 'none'))"
    monkeypatch.setattr(driver, "STATE", tmp_path)
    assert driver._run([sys.executable, "-c", code], {}) == 0
    assert out.read_text() == "none"
    assert os.environ["PYTHONPATH"] == str(ROOT)


def test_the_suite_measures_this_tree_whatever_is_installed(tmp_path, monkeypatch):
    (tmp_path / "impls").symlink_to(ROOT / "impls")  # its path would show in __file__
    code = f"import sys; sys.path.insert(0, {str(ROOT)!r}); import benchmarks, impls; "
    code += "print(impls.__file__)"
    variables = os.environ | {"GRADMARK_PATH": str(tmp_path)}
    done = subprocess.run([sys.executable, "-c", code], env=variables, capture_output=True)
    assert done.stdout.decode().strip() == str(tmp_path / "impls" / "__init__.py")


def test_the_suite_finds_plug_ins_of_pythonpath(monkeypatch):
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(["plug-ins", "", "/elsewhere"]))
    session = driver.Session(commit="0" * 40, threads="all", plugins=(), setup="")
    monkeypatch.setattr(driver.Session, "environment", "same")
    folders = session.variables()["GRADMARK_PATH"].split(os.pathsep)
    assert folders == [str(ROOT), str(Path("plug-ins").absolute()), "/elsewhere"]


@pytest.mark.parametrize(
    "changed",
    [
        {"versions": math.nan},
        {"versions": {"numpy": None}},
        {"n_threads": "all"},
        {"cache_bytes": {"1": "much"}},
        {"cache_bytes": {"1": 10**400}},
        {"memory_bytes": math.inf},
        {"command": None},
        {"load": []},
    ],
    ids=str,
)
def test_facts_of_another_kind_are_those_of_this_interpreter(changed):
    record = asdict(_facts.collect_facts("all", "no commit")) | {"cpu": "a laser"}
    assert _facts.read_facts(record, "all").cpu == "a laser"
    read = _facts.read_facts(record | changed, "1")
    assert (read.commit, read.command, read.n_threads) == ("commit unknown", "asv run", 1)
    assert read.cpu != "a laser"


@pytest.mark.parametrize("record", [None, [], "facts", 3, {}])
def test_without_a_record_facts_are_those_of_this_interpreter(record):
    assert _facts.read_facts(record, "all").commit == "commit unknown"


def test_facts_are_read_as_they_were_saved_in_one_line():
    facts = replace(_facts.collect_facts("all", "no commit"), cpu="\x1b[2Jfast\nlaser\udcff")
    loaded = _facts.read_facts(json.loads(json.dumps(asdict(facts))), "all")
    assert loaded == replace(facts, cpu="[2Jfast laser")


def test_facts_name_what_perturbs():
    facts = _facts.collect_facts("all", "no commit")
    assert facts.n_threads >= 1
    assert "numpy" in facts.versions
    assert "BLAS unknown" not in facts.blas
    assert str(facts.n_threads) in facts.footer
