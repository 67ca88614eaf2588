"""Faults of implementations stay in their processes, and the session names them in words.

``tests/faults`` holds a file for each. One session measures all of them beside an honest one.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
import warnings
from functools import partial
from pathlib import Path

import numpy as np
import psutil
import pytest

import impls
from benchmarks._session import crew, guardian, judging, process, rounds, session
from benchmarks._session.inputs import Data
from benchmarks._session.journal import OK, Journal, Known, Source
from benchmarks._session.measured import BASELINE, TWIN
from benchmarks._session.values import values_of
from impls import solvers
from scripts._common import isolated
from scripts._common.judging import judge
from tests._planting import plant

ROOT = Path(__file__).resolve().parent.parent
FILES = {path.stem: path for path in sorted((ROOT / "tests" / "faults").glob("*.py"))}
DATA = Data("linear", 300, 50)
FORGED = "it wrote to the pipe that is reserved for results"
# A process begins to answer after half a second, and later beside other work.
LIMIT_SECONDS = 3.0
NO_ANSWER = f"no answer within {LIMIT_SECONDS:.0f} s while"
CHANGED = "by a clock that is changed"

# State and words of each fault, by when it shows: as it is imported, as it is verified, or only
# as it is measured.
AT_IMPORT = {
    "import_value_error": ("failed", "fails to import: ValueError: no import today"),
    "import_interrupt": ("failed", "KeyboardInterrupt"),
    "import_exit": ("failed", "fails to import: SystemExit: 0"),
    "import_base": ("failed", "Ending: at import"),
    "import_generator_exit": ("failed", "GeneratorExit"),
    "import_not_implemented": ("failed", "fails to import: NotImplementedError: some day"),
    "nameless_exit": ("failed", "NamelessExit, whose text cannot be had"),
    "unavailable_object": ("unavailable", r"\(None, b'\\x00\\xff'\)"),
    "segfault_at_import": ("died", "died while it was imported: killed by SIGSEGV"),
    "exits_at_import": ("died", "died while it was imported: exit status 0"),
    "last_words": ("died", r"died while it was imported: exit status 3; \[31mred"),
    "hangs_at_import": ("died", f"{NO_ANSWER} it was imported"),
    "patched_dumps": ("died", "died while it was imported: exit status 1; TypeError"),
    "patched_dumps_text": ("failed", FORGED),
    "forged_nothing": ("failed", "its answer has no bytes_per_value that can be"),
    "forged_forms": ("failed", "its answer has no bytes_per_value that can be"),
    "no_rtol": ("failed", "RTOL is 'x', expected a number"),
    "no_number": ("failed", "RTOL is nan, expected a number"),
    "odd_number": ("failed", "RuntimeError: not compared"),
    "no_max_samples": ("failed", "MAX_SAMPLES is 'many', expected a number"),
    "no_bytes_per_value": ("failed", "BYTES_PER_VALUE is None, expected a number"),
    "no_prepared_copies": ("failed", "PREPARED_COPIES is 'a', expected a number"),
    "no_peer": ("failed", "PEER is 3, expected a text"),
    "no_requires": ("failed", "REQUIRES is 3, expected a text"),
    "no_function": ("failed", r"gradient is a int, expected gradient\(weights, X, y\)"),
}
WHEN_VERIFIED = {
    "prepare_value_error": ("failed", "ValueError: no data like these"),
    "prepare_interrupt": ("failed", "it raises KeyboardInterrupt"),
    "prepare_exit": ("failed", "it raises SystemExit"),
    "prepare_base": ("failed", r"it raises Ending\('in prepare'\)"),
    "prepare_generator_exit": ("failed", "it raises GeneratorExit"),
    "prepare_not_implemented": ("failed", "NotImplementedError: some day"),
    "gradient_value_error": ("failed", "ValueError: no gradient today"),
    "gradient_interrupt": ("failed", "it raises KeyboardInterrupt"),
    "gradient_exit": ("failed", "it raises SystemExit"),
    "gradient_base": ("failed", r"it raises Ending\('in gradient'\)"),
    "gradient_generator_exit": ("failed", "it raises GeneratorExit"),
    "gradient_not_implemented": ("failed", "NotImplementedError: some day"),
    "nameless_error": ("failed", "NamelessError, whose text cannot be had"),
    "unfit_object": ("refused", r"\{3: None\}"),
    "unavailable_nameless": ("failed", "RuntimeError: no text"),
    "wrong_shape": ("wrong", r"it returns shape \(20, 1\), expected \(20,\)"),
    "wrong_type": ("wrong", "it returns a list, expected a NumPy array"),
    "integers": ("wrong", "it returns int64, expected real"),
    "nothing": ("wrong", "it returns a NoneType, expected a NumPy array"),
    "not_a_number": ("wrong", "got nan, expected"),
    "writes_to_X": ("wrong", "it writes into X"),
    "writes_to_X_in_prepare": ("wrong", "its prepare writes into X"),
    "writes_to_y": ("wrong", "it writes into y"),
    "writes_to_weights": ("wrong", "it writes into weights"),
    "segfault": ("died", "its gradient ran: killed by SIGSEGV"),
    "exits": ("died", "its gradient ran: exit status 0"),
    "forks": ("died", "its gradient ran: exit status 0"),
    # Wherever the interrupt comes, in its code or in ours.
    "interrupts_main": ("died|failed", "KeyboardInterrupt|SIGINT"),
    "hangs": ("died", f"{NO_ANSWER} it was prepared or its gradient ran"),
    "hangs_and_ignores": ("died", f"{NO_ANSWER} it was prepared or its gradient ran"),
    "stops_itself": ("died", f"{NO_ANSWER} it was prepared or its gradient ran"),
    "closes_descriptors": ("died", "its gradient ran: exit status"),
    "writes_answers": ("failed", FORGED),
    "writes_no_text": ("failed", FORGED),
    "writes_half": ("failed", FORGED),
    "writes_deep": ("failed", FORGED),
    "forks_and_goes_on": ("failed", FORGED),
    "allocates_at_once": ("failed", "MemoryError"),
    "allocates_in_steps": ("failed", "MemoryError"),
    "patched_asarray": ("failed", "TypeError: 'NoneType' object is not callable"),
    "patched_asarray_late": ("wrong", "."),
    "patched_loads": ("died", "exit status 1; TypeError: 'NoneType' object is not callable"),
    "forged_gradients": ("wrong", r"shape \(0,\), expected \(20,\)"),
    "forged_count": ("wrong", r"shape \(0,\), expected \(20,\)"),
}
WHEN_MEASURED = {
    "raises_late": ("failed", "KeyboardInterrupt"),
    "not_a_number_late": ("wrong", "error inf of the sum of absolute terms"),
    "segfault_late": ("died", "killed by SIGSEGV"),
    "exits_late": ("died", "exit status 0"),
    "hangs_late": ("died", NO_ANSWER),
    "stopped_clock": ("failed", f"a call took 0 s {CHANGED}"),
    "backward_clock": ("failed", f"a call took -.* s {CHANGED}"),
    "clock_without_number": ("failed", f"a call took nan s {CHANGED}"),
    "forged_numbers": ("failed", "its answer has no workspace that can be"),
    "forged_state": ("failed", "its answer has no state that can be"),
}
FAULTS = AT_IMPORT | WHEN_VERIFIED | WHEN_MEASURED
# What the contract does not forbid: its process can harm nobody else.
HARMLESS = (
    *("changes_folder", "clears_environment", "warnings_are_errors", "floating_point_errors"),
    *("thread_counts", "print_options", "patched_dot", "zero_clock", "prints", "prints_bytes"),
    *("closes_stdin", "closes_stdin_at_import", "reads_stdin", "reads_descriptor_0"),
    *("threads", "daemon_threads", "children", "children_in_sessions"),
    *("children_without_environment", "long_docstring", "no_docstring", "honest"),
)


@pytest.fixture(scope="module")
def planted(tmp_path_factory):
    """The faults as installed plug-ins, and short limits for what hangs."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        sources = {name: path.read_text() for name, path in FILES.items()}
        plant("linear", sources, tmp_path_factory.mktemp("faults"), monkeypatch)
        for module in (crew, rounds):
            monkeypatch.setattr(module, "STEP_SECONDS", LIMIT_SECONDS)
        monkeypatch.setattr(judging, "_BATCH_SECONDS", LIMIT_SECONDS)
        monkeypatch.setattr(isolated, "_LOAD_SECONDS", LIMIT_SECONDS)
        monkeypatch.setattr(process, "_WAIT_SECONDS", 0.2)
        monkeypatch.setattr(process, "_END_SECONDS", 0.5)
        monkeypatch.setattr(process, "_STOPPED_SECONDS", 1.0)
        yield


def surroundings():
    """What a fault might change in the process of the session."""
    functions = (time.perf_counter, time.monotonic, np.dot, np.asarray, os.fork, sys.stdin)
    printed, handled = np.get_printoptions(), [signal.getsignal(n) for n in signal.valid_signals()]
    changed = (dict(os.environ), np.geterr(), printed, handled, warnings.filters[:])
    return Path.cwd(), functions, changed, os.getpid()


def marked():
    """Processes that the session has started, and that have not ended."""
    return [
        each for each in psutil.process_iter() if guardian._carries(each, guardian._start().mark)
    ]


def measure(*names, **job):
    """Run one session; return its cells, its rounds, and what was printed in it."""
    journal = Journal(None, Source("", "", "1"), "")
    settings = crew.Settings("linear", names, 1, rounds=2, warm_seconds=0.0, sample_seconds=0.001)
    split = session.run([session.Job(DATA, names, **job)], settings, journal, Known())
    assert {data for data, _ in journal.known.cells} == {DATA}
    cells = {name: found[-1] for (_, name), found in journal.known.cells.items()}
    return cells, journal.known.measured(cells.values()), split.printed


@pytest.fixture(scope="module")
def measured(planted):
    """Cells and rounds of one session of all faults, and what it has left behind."""
    before = surroundings()
    cells, found, printed = measure(*FILES)
    told = {"cells": cells, "measured": found, "printed": printed}
    return told | {"left": marked(), "same": surroundings() == before}


def test_each_fault_has_a_file_and_what_is_expected_of_it():
    assert sorted([*FAULTS, *HARMLESS]) == sorted(FILES)


def test_each_has_a_cell(measured):
    assert measured["cells"].keys() == {BASELINE, TWIN, *FILES}


@pytest.mark.parametrize(("name", "state", "words"), [(n, *told) for n, told in FAULTS.items()])
def test_a_fault_has_a_state_and_a_reason_that_names_it(measured, name, state, words):
    cell = measured["cells"][name]
    assert re.fullmatch(state, cell.state)
    assert re.search(words, cell.reason)
    assert len(cell.reason) < 600
    assert cell.reason.isprintable()
    assert values_of(cell, measured["measured"])["time"].state not in (OK, "missing")


@pytest.mark.parametrize("name", [BASELINE, TWIN, *HARMLESS])
def test_who_breaks_no_contract_has_a_time(measured, name):
    cell = measured["cells"][name]
    assert (cell.state, cell.reason, cell.flag) == (OK, "", "")
    assert len(measured["measured"].seconds(name)) == 2
    assert values_of(cell, measured["measured"])["time"].value > 0


def test_nothing_is_left_running_or_changed(measured):
    assert measured["left"] == []
    assert measured["same"]


def test_what_is_printed_is_told(measured):
    printed = measured["printed"]
    assert printed["linear/prints"].startswith("printed ")
    assert "red" in printed["linear/last_words"]
    assert "linear/honest" not in printed
    assert max(map(len, printed.values())) < 600


# The commands that load or verify without timing


@pytest.fixture(scope="module")
def described(planted):
    return isolated.describe("linear", [*AT_IMPORT, "long_docstring", "no_docstring", "honest"])


@pytest.mark.parametrize(("name", "words"), [(n, words) for n, (_, words) in AT_IMPORT.items()])
def test_the_report_and_the_list_say_the_same(described, name, words):
    assert isinstance(described[name], impls.TableError)
    assert str(described[name]).isprintable()
    assert re.search(words, str(described[name]))


def test_the_report_takes_any_docstring(described):
    assert len(described["long_docstring"].summary) < 600
    assert described["no_docstring"].summary == ""
    assert described["honest"].summary == "Does what it should."


@pytest.fixture(scope="module")
def judged(planted):
    batches = [*judging.draw_extreme("linear")][:2]
    names = [*WHEN_VERIFIED, "import_interrupt", "no_peer", *WHEN_MEASURED, *HARMLESS]
    found = isolated.each(partial(judge, "linear", batches=batches), names)
    return dict(zip(names, found, strict=True))


@pytest.mark.parametrize(("name", "words"), [(n, words) for n, (_, words) in WHEN_VERIFIED.items()])
def test_check_says_the_same(judged, name, words):
    verdict = judged[name]
    if name == "unfit_object":
        assert verdict.problems == ["it refuses every batch"]
    else:
        assert re.search(words, verdict.problems[0])
        assert len(verdict.problems[0]) < 600


def test_check_names_what_is_imported_wrong(judged):
    assert judged["import_interrupt"].problems == ["KeyboardInterrupt"]
    assert "PEER is 3" in judged["no_peer"].problems[0]


@pytest.mark.parametrize("name", [*WHEN_MEASURED, *HARMLESS])
def test_check_finds_nothing_where_gradients_are_right(judged, name):
    assert (judged[name].problems, judged[name].unavailable) == ([], "")


# Faults in a training


@pytest.mark.parametrize("job", [{"epochs": True}, {"most_epochs": 3}], ids=["epochs", "loss"])
def test_a_fault_in_a_training_leaves_the_time_of_a_gradient(tmp_path, monkeypatch, job):
    late = (
        "import os, sys\n\n\ndef gradient(weights, X, y):\n"
        "    if 'benchmarks._session.training' in sys.modules:\n        {}\n"
        "    return (X @ weights - y) @ X / len(X)\n"
    )
    faults = {"exits": "os._exit(0)", "gives_nan": "return weights * float('nan')"}
    sources = {name: late.format(line) for name, line in faults.items()}
    plant("linear", sources, tmp_path, monkeypatch)
    cells, found, _ = measure(*sources, **job)
    assert {name: cell.state for name, cell in cells.items()} == dict.fromkeys(cells, OK)
    metric = "epoch" if "epochs" in job else "final_loss"
    for solver in solvers.names():
        assert cells[BASELINE].costs[f"{metric}/{solver}"] > 0
        reason = cells["exits"].reasons[f"{metric}/{solver}"]
        assert reason == "died while it was trained with: exit status 0"
        value = values_of(cells["gives_nan"], found)[f"{metric}/{solver}"]
        assert value.value > 0 if "epochs" in job else "the loss is nan" in value.reason
    assert len(found.seconds("exits")) == 2


# Faults that end the command too: it runs in a process of its own

COMMAND = """
from benchmarks._session import crew, session
from benchmarks._session.inputs import Data
from benchmarks._session.journal import Journal, Known, Source

settings = crew.Settings("linear", ("planted",), 1, rounds=2, warm_seconds=0.0)
job = session.Job(Data("linear", 300, 50), ("planted",))
journal = Journal(None, Source("", "", "1"), "")
session.run([job], settings, journal, Known())
print(*[cells[-1].state for cells in journal.known.cells.values()])
"""
SUBTREE = "GRADMARK_TEST_SUBTREE"


def run_command(source, tmp_path, monkeypatch):
    """Run a session with this fault; return its end, and the processes that it has left."""
    head = "import os, signal, subprocess, sys, psutil"
    text = f"{head}\n\n\ndef gradient(weights, X, y):\n    {source}\n"
    plant("linear", {"planted": text}, tmp_path, monkeypatch)
    monkeypatch.setenv(SUBTREE, str(tmp_path))
    command = [sys.executable, "-c", COMMAND]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    own = [each for each in psutil.process_iter() if is_below(each, str(tmp_path))]
    _, left = psutil.wait_procs(own, timeout=20)  # the guardian ends after the command
    for each in left:
        each.kill()
    return done, left


def is_below(one, folder):
    try:
        return one.environ().get(SUBTREE) == folder
    except (psutil.Error, OSError):
        return False


def test_a_fault_that_ends_the_command_leaves_nothing(tmp_path, monkeypatch):
    command = "psutil.Process().parents()[sys.platform == 'linux']"  # beyond the keeper
    fault = f"subprocess.Popen(['sleep', '600']); {command}.terminate()"
    done, left = run_command(fault, tmp_path, monkeypatch)
    assert (done.returncode, left) == (-signal.SIGTERM, [])


def test_a_fault_that_kills_its_group_ends_itself_alone(tmp_path, monkeypatch):
    done, left = run_command("os.killpg(0, signal.SIGKILL)", tmp_path, monkeypatch)
    assert (done.returncode, left) == (0, [])
    assert sorted(done.stdout.split()) == ["died", "ok", "ok"]
