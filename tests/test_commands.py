"""The commands: their plans, their output and their refusals."""

from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

import impls
from impls import _table
from scripts import _tables, check, list, report, run
from scripts._common import facts as _facts
from scripts._common import lock, metrics, project
from scripts._common.errors import UserError, run_command
from scripts._measured import driver, results
from scripts._tables import _rows
from tests._planting import plant
from tests._recorded import Recorded

ROOT = Path(__file__).resolve().parent.parent
BENCHMARKS = {
    "gradient.logistic.time_gradient": {"params": [["'a'", "'b'"], ["10", "1000"], ["10", "100"]]},
    "workspace.logistic.track_workspace": {
        "params": [["'a'", "'b'"], ["10", "1000"], ["10", "100"]]
    },
    "datasets.logistic.time_gradient": {"params": [["'a'", "'b'"], ["'breast_cancer'"]]},
}
PRESET = {"sizes": [[10, 10], [1000, 10]], "sizes_of": {"workspace": [[1000, 10]]}}


def call(main, *argv, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["command", *argv])
    return main()


def plan(**options):
    wanted = argparse.Namespace(**{"problem": None, "impl": None, "bench": None} | options)
    cells = [cell for cell in run._list_cells(BENCHMARKS, PRESET) if run._wanted(cell, wanted)]
    return {cell.name for cell in cells}


def test_the_plan_holds_the_presets_sizes_and_the_data_sets():
    assert plan(impl=["a"]) == {
        "gradient.logistic.time_gradient('a', 10, 10)",
        "gradient.logistic.time_gradient('a', 1000, 10)",
        "workspace.logistic.track_workspace('a', 1000, 10)",
        "datasets.logistic.time_gradient('a', 'breast_cancer')",
    }


def test_one_implementation_is_measured_with_the_baseline_of_its_speed_ups():
    benchmarks = {
        "gradient.linear.time_gradient": {"params": [["'matrix'", "'mine'", "'a'"], ["10"], ["10"]]}
    }
    wanted = argparse.Namespace(problem=None, impl=["mine"], bench=None)
    cells = run._list_cells(benchmarks, PRESET)
    assert {c.implementation for c in cells if run._wanted(c, wanted)} == {"mine", "matrix"}


def test_one_problem_is_measured_alone():
    assert plan(problem="softmax") == set()
    assert plan(problem="logistic") == plan()


def test_what_matches_nothing_names_the_options_and_what_cells_are_called():
    wanted = argparse.Namespace(preset="quick", problem="linear", impl=None, bench="nothing")
    text = run._nothing_matches(wanted)
    assert "no cell that matches --problem linear and --bench nothing" in text
    assert "None" not in text


def test_a_pattern_selects_cells_as_asv_names_them():
    assert plan(bench=r"time_gradient\('b', 10,") == {
        "gradient.logistic.time_gradient('b', 10, 10)"
    }


def test_slices_go_from_small_to_large_and_end_with_real_data():
    cells = run._list_cells(BENCHMARKS, PRESET)
    slices = run._slices(cells)
    assert slices == [(1, False), (2, False), (sys.maxsize, False)]


def test_what_measures_a_process_runs_without_what_others_have_loaded():
    cells = [
        run.Cell(f"memory.logistic.{name}", ("matrix", 10, 10)) for name in ("peakmem_x", "track_x")
    ]
    assert run._slices(cells) == [(1, False), (1, True)]


@pytest.mark.parametrize(("cold", "loaded"), [(True, None), (False, "numba")])
def test_numba_is_loaded_once_for_all_cells_but_those_that_measure_memory(
    monkeypatch, tmp_path, cold, loaded
):
    variables = []
    monkeypatch.setattr(driver, "STATE", tmp_path)
    monkeypatch.setattr(driver, "settle_machine", lambda: tmp_path)
    monkeypatch.setattr(driver, "_run", lambda _command, given, _poll: variables.append(given) or 0)
    session = driver.Session(commit="0" * 40, preset="smoke", threads="all", plugins=(), setup="")
    driver.run_slice(session, ["cell"], lambda: None, cold=cold)
    assert variables[0].get("GRADMARK_WARM") == loaded


def test_what_cannot_be_imported_is_left_out_and_named(monkeypatch, capsys):
    lacking = {("logistic", "jax"): "jax"}
    monkeypatch.setattr(_table, "missing_package", lambda *names: lacking.get(names))
    cells = [run.Cell("gradient.logistic.time_gradient", (n, 10, 10)) for n in ("jax", "matrix")]
    assert run._drop_unavailable(cells) == cells[1:]
    assert "Not measured: logistic/jax; to add them: pip install jax" in capsys.readouterr().err


def test_packages_are_found_without_importing_them():
    assert _table.missing_package("logistic", "matrix") is None
    assert _table.missing_package("logistic", "fused") is None
    assert not _table._is_installed("no-such-package")


def test_a_slice_matches_its_cells_exactly():
    import re

    pattern = driver._exactly(["x.time('a', 10, 10)"])
    assert re.search(pattern, "x.time('a', 10, 10)")
    assert not re.search(pattern, "x.time('a', 10, 100)")
    assert not re.search(pattern, "x.time('aa', 10, 10)")


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


@pytest.mark.parametrize(("preset", "kept"), [("smoke", False), ("quick", True)])
def test_a_smoke_run_keeps_nothing(monkeypatch, tmp_path, preset, kept):
    commands = []
    monkeypatch.setattr(driver, "STATE", tmp_path)
    monkeypatch.setattr(driver, "settle_machine", lambda: tmp_path)
    monkeypatch.setattr(driver, "_run", lambda command, *_: commands.append(command) or 0)
    session = driver.Session(commit="0" * 40, preset=preset, threads="all", plugins=(), setup="")
    driver.run_slice(session, ["cell"], lambda: None, cold=False)
    assert ("--dry-run" not in commands[0]) == kept


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


def test_list_shows_every_implementation(monkeypatch, capsys):
    assert call(list.main, monkeypatch=monkeypatch) == 0
    text = capsys.readouterr().out
    assert all(name in text for problem in impls.problems() for name in impls.names(problem))


def test_list_goes_on_past_a_broken_entry(monkeypatch, tmp_path, capsys):
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
    ("fast", 10, "workspace", 80.0, "ok", ""),
    ("fast", 10, "error", 0.0, "ok", ""),
)


def test_the_timing_table_reads_well():
    table = (
        _tables.render("timing", TIMES)
        .split("by number of samples\n\n")[1]
        .split("\n\n`skipped`")[0]
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
| slow   |        skipped [3] |

1. error 1e-3
2. died
3. takes too long

## Preparation, once per data set"""
    )


def test_the_fastest_is_a_measured_one():
    assert _rows.fastest_rows(TIMES) == [
        ["logistic", "10 x 10", "fast", "2.00 us", "4.00x", "80 B", "0", "same", *[""] * 4]
    ]


def test_each_precision_has_its_own_fastest_and_less_of_it_is_told():
    rows = [("half", 10, "time", 1e-6, "ok", ""), ("half", 10, "error", 6e-8, "ok", "")]
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


@pytest.mark.parametrize("metric", ["accuracy", "workspace"])
def test_presets_measure_what_the_table_of_the_fastest_shows_at_every_size(metric):
    presets = json.loads((ROOT / "benchmarks" / "presets.json").read_text())
    assert not any(metric in preset.get("sizes_of", {}) for preset in presets.values())


@pytest.mark.parametrize("table", _tables.names("results"))
def test_tables_show_every_state_and_no_zero_for_what_is_not_there(table):
    names = [*(metric.name for metric in metrics.metrics().values()), "novelty"]
    rows = [
        (state, 10, metric, NAN, state, f"reason of {metric}")
        for metric in names
        for state in ("skipped", "failed", "wrong", "missing")
    ]
    text = _tables.render(table, frame(*rows))
    assert all(f"| {state}" in text for state in ("skipped", "failed", "wrong", "missing"))
    assert "reason of" in text
    assert " 0 " not in text


def test_a_metric_without_a_page_is_shown_by_its_unit_among_the_others():
    rows = frame(("matrix", 10, "novelty", 2e-6, "ok", "")).assign(unit="seconds")
    assert "2.00 us" in _tables.render("others", rows)
    assert _tables.render("others", TIMES) == ""


def test_the_report_of_recorded_results(tmp_path, monkeypatch, capsys):
    recorded = Recorded(tmp_path, monkeypatch)
    monkeypatch.setattr(report, "working_tree", lambda: recorded.tree)
    monkeypatch.setattr(_facts, "FOLDER", tmp_path / "facts")
    out = tmp_path / "out"
    assert call(report.main, "--out", str(out), monkeypatch=monkeypatch) == 0
    assert "breast_cancer" in capsys.readouterr().out
    written = {path.name for path in out.iterdir()}
    assert {"timing.md", "memory.md", "results.csv", "results.parquet"} <= written
    assert {"logistic-time_by_samples.png", "logistic-speedup.svg"} <= written
    assert recorded.tree.title in (out / "timing.md").read_text(encoding="utf-8")
    index = (out / "README.md").read_text(encoding="utf-8")
    for path in out.glob("*.png"):
        assert f"]({path.name})" in index
        assert path.with_suffix(".svg").is_file()
    for path in out.glob("[!R]*.md"):
        assert f"[{path.name}]({path.name}): " in index
    assert index.index("logistic-winners.png") < index.index("logistic-bandwidth.png")
    tidy = pd.read_parquet(out / "results.parquet")
    assert len(tidy) == len(pd.read_csv(out / "results.csv"))


def test_the_index_links_what_a_race_and_experiments_left(tmp_path, monkeypatch):
    for name in ("race.md", "race.png", "descent.md"):
        (tmp_path / name).write_text("")
    made = _facts.collect_facts("all", "commit 01234567")
    report._write_index(TIMES, [], [], made, tmp_path)
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
    described = report._describe(results)
    assert described["compulsory_bytes"][:2].tolist() == [2480.0, 1280.0]
    assert described["working_set"][:2].tolist() == [2480.0, 2480.0]
    assert math.isnan(described["compulsory_bytes"][2])


def test_an_unknown_name_to_highlight_is_refused(tmp_path, monkeypatch):
    recorded = Recorded(tmp_path, monkeypatch)
    monkeypatch.setattr(report, "working_tree", lambda: recorded.tree)
    with pytest.raises(UserError, match="did you mean matrix"):
        call(report.main, "--out", str(tmp_path), "--highlight", "matrx", monkeypatch=monkeypatch)


def test_a_report_of_stale_results_says_what_has_changed_and_whose_they_are(
    tmp_path, monkeypatch, capsys
):
    recorded = Recorded(tmp_path, monkeypatch)
    recorded.write("impls/_checks.py", "import numpy  # edited")
    monkeypatch.setattr(report, "working_tree", lambda: recorded.tree)
    monkeypatch.setattr(report, "_write_figures", lambda *_: [])
    monkeypatch.setattr(_facts, "FOLDER", tmp_path / "facts")
    assert call(report.main, "--out", str(tmp_path / "out"), monkeypatch=monkeypatch) == 0
    assert "not measured since impls/_checks.py has changed" in capsys.readouterr().err
    assert "what was measured last" in (tmp_path / "out" / "timing.md").read_text()


def test_a_report_of_results_with_other_versions_names_those(tmp_path, monkeypatch):
    recorded = Recorded(tmp_path, monkeypatch)
    recorded.record_state(versions={"numpy": "1.2.3"})
    monkeypatch.setattr(report, "working_tree", lambda: recorded.tree)
    monkeypatch.setattr(report, "_write_figures", lambda *_: [])
    monkeypatch.setattr(_facts, "FOLDER", tmp_path / "facts")
    assert call(report.main, "--out", str(tmp_path / "out"), monkeypatch=monkeypatch) == 0
    assert "numpy 1.2.3" in (tmp_path / "out" / "timing.md").read_text()
    assert "numpy 1.2.3" in (tmp_path / "out" / "results.csv").read_text()


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


def test_polling_leaves_the_configuration_alone_that_asv_reads(tmp_path, monkeypatch):
    monkeypatch.setattr(driver, "STATE", tmp_path)
    session = driver.Session("0" * 40, preset="smoke", threads="1", plugins=(), setup="01234567")
    name = session.environment
    assert "GRADMARK_THREADS1" in name
    assert "GRADMARK_SETUP01234567" in name
    session.config_path.write_text("read by asv")
    assert session.environment == name
    assert session.config_path.read_text() == "read by asv"


def test_a_damaged_result_file_is_restored_and_kept(tmp_path, monkeypatch):
    path = tmp_path / "results" / "a.json"
    backup = tmp_path / "backup"
    for folder in (path.parent, backup):
        folder.mkdir()
    good = (Path(__file__).parent / "data" / "results.json").read_text()
    path.write_text(good[:100])
    monkeypatch.setattr(driver, "_BACKUP", backup)
    session = argparse.Namespace(result_path=path)
    with pytest.raises(UserError, match="no copy of it; move it away"):
        driver.restore(session)
    assert path.read_text() == good[:100]
    (backup / "a.json").write_text(good)
    assert driver.restore(session)
    assert path.read_text() == good
    assert path.with_suffix(".damaged").read_text() == good[:100]
    assert not driver.restore(session)


def test_an_interruption_leaves_no_process(tmp_path):
    class Stopped(Exception):
        pass

    def stop():
        raise Stopped

    marker = tmp_path / "pid"
    code = (
        "import os, pathlib, subprocess, sys, time\n"
        "child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'],"
        " start_new_session=True)\n"
        f"pathlib.Path({str(marker)!r}).write_text(str(child.pid))\n"
        "time.sleep(60)"
    )

    def stop_once_started():
        if marker.exists() and marker.read_text():
            stop()

    with pytest.raises(Stopped):
        driver._run([sys.executable, "-c", code], {}, stop_once_started)
    child = int(marker.read_text())
    assert not driver.psutil.pid_exists(child) or (
        driver.psutil.Process(child).status() == driver.psutil.STATUS_ZOMBIE
    )


def test_pythonpath_is_kept_from_asv(tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    out = tmp_path / "out"
    code = f"import os; open({str(out)!r}, 'w').write(os.environ.get('PYTHONPATH', 'none'))"
    assert driver._run([sys.executable, "-c", code], {}, lambda: None) == 0
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
    session = driver.Session(commit="0" * 40, preset="smoke", threads="all", plugins=(), setup="")
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
def test_facts_of_another_kind_are_damaged(tmp_path, monkeypatch, changed):
    monkeypatch.setattr(_facts, "FOLDER", tmp_path)
    path = tmp_path / "results.json"
    _facts.save_facts(_facts.collect_facts("all", "no commit"), path)
    path.write_text(json.dumps(json.loads(path.read_text()) | changed))
    with pytest.raises(UserError, match="is damaged"):
        _facts.load_facts(path, "all")


def test_facts_are_read_as_they_were_saved_in_one_line(tmp_path, monkeypatch):
    monkeypatch.setattr(_facts, "FOLDER", tmp_path)
    facts = replace(_facts.collect_facts("all", "no commit"), cpu="\x1b[2Jfast\nlaser\udcff")
    _facts.save_facts(facts, tmp_path / "results.json")
    loaded = _facts.load_facts(tmp_path / "results.json", "all")
    assert loaded == replace(facts, cpu="[2Jfast laser")


def test_facts_name_what_perturbs():
    facts = _facts.collect_facts("all", "no commit")
    assert facts.n_threads >= 1
    assert "numpy" in facts.versions
    assert "BLAS unknown" not in facts.blas
    assert str(facts.n_threads) in facts.footer
