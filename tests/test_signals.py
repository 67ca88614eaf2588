"""Ends of commands: in order by a signal, and by SIGKILL without processes or files left behind."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from benchmarks._session import guardian as _guardian
from tests._copied import copy_packages
from tests._families import END_SECONDS, ROOT, alive, assert_gone, nothing_left, start, wait_for

SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals as POSIX has them")


# The handlers

TICKING = """
import sys, time
from scripts._common import signals

def main():
    with open(sys.argv[1], "w", buffering=1) as ticks:
        for _ in range(600):
            ticks.write("tick\\n")
            time.sleep(0.1)

signals.run_stoppable(main, "What there is is kept.")
"""
STOPPABLE = """
import sys, time
from pathlib import Path
from scripts._common import signals

def main():
    try:
        Path(sys.argv[1]).touch()
        for _ in range(600):
            time.sleep(0.1)
    finally:
        time.sleep(0.3)
        Path(sys.argv[1]).write_text("ended in order")

signals.run_stoppable(main, "What there is is kept.")
"""


def stop(tmp_path, *names):
    """Send signals to a command; return exit status, stderr, and the text that its end wrote."""
    marker = tmp_path / "marker"
    with start(["-c", STOPPABLE, str(marker)], stderr=subprocess.PIPE) as process:
        wait_for(marker.exists)
        for name in names:
            process.send_signal(getattr(signal, name))
        _, stderr = process.communicate(timeout=END_SECONDS)
        return process.returncode, stderr.decode(), marker.read_text()


SENTENCE = "\nStopped. What there is is kept.\n"


@pytest.mark.parametrize(
    "names",
    [["SIGINT"], ["SIGTERM"], ["SIGHUP"], ["SIGQUIT"], ["SIGHUP", "SIGINT", "SIGTERM", "SIGHUP"]],
)
def test_a_signal_ends_a_command_once_and_in_a_sentence(names, tmp_path):
    assert stop(tmp_path, *names) == (130, SENTENCE, "ended in order")


HOLDING = """
import os, signal
from scripts._common import signals

def main():
    with signals.held_off():
        for name in ("SIGTERM", "SIGINT"):
            os.kill(os.getpid(), getattr(signal, name))
        print("held off", flush=True)
    print("never reached")

signals.run_stoppable(main, "What there is is kept.")
"""


def test_a_signal_that_is_held_off_stops_the_command_afterwards():
    done = subprocess.run([sys.executable, "-c", HOLDING], cwd=ROOT, capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (130, "held off\n", SENTENCE)


def n_ticks(folder):
    ticks = folder / "ticks"
    return ticks.exists() and len(ticks.read_text().splitlines())


def test_what_nohup_ignores_is_ignored(tmp_path):
    ignore = "import signal; signal.signal(signal.SIGHUP, signal.SIG_IGN)\n"
    with start(["-c", ignore + TICKING, str(tmp_path / "ticks")]) as process:
        size = wait_for(lambda: n_ticks(tmp_path))
        process.send_signal(signal.SIGHUP)
        wait_for(lambda: n_ticks(tmp_path) > size + 2)
        assert process.poll() is None


# The guardian


def test_a_family_is_killed_by_its_mark_and_no_other():
    environments = [os.environ | {_guardian.VARIABLE: _guardian.mark()} for _ in range(2)]
    code = f"import subprocess, time; subprocess.Popen({SLEEP}, start_new_session=True)\n"
    code += "time.sleep(60)"
    with (
        start(["-c", code], env=environments[0]) as first,
        start(SLEEP[1:], env=environments[1]) as other,
    ):
        family = [first, *wait_for(first.children)]
        _guardian.kill(environments[0][_guardian.VARIABLE])
        assert_gone(family)
        assert alive([other])


def test_a_command_that_is_killed_takes_all_with_it():
    code = "import os, subprocess, time; from benchmarks._session import guardian as _guardian\n"
    code += "variables = os.environ | {_guardian.VARIABLE: _guardian.mark()}\n"
    code += f"subprocess.Popen({SLEEP}, env=variables, start_new_session=True)\ntime.sleep(60)"
    with start(["-c", code]) as command:
        family = wait_for(lambda: len(found := command.children()) == 2 and found)
        command.kill()
        assert_gone(family)


ASV = """
import sys, tempfile
from scripts._measured import plugin

plugin.setup()
folder = tempfile.mkdtemp(prefix="asv-forkserver-")
print(folder, flush=True)
if len(sys.argv) == 1:
    sys.stdin.read()
"""


@pytest.mark.parametrize("name", ["SIGKILL", "SIGHUP", "SIGQUIT", None])
def test_asvs_temporary_files_go_with_it(name, tmp_path):
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    environment = os.environ | {"TMPDIR": str(tmp_path)}
    arguments = ["-c", ASV, *(["ends"] if name is None else [])]
    with start(arguments, env=environment, **pipes) as asv:
        assert Path(asv.stdout.readline().decode().strip()).is_relative_to(tmp_path)
        family = asv.children()
        if name:
            asv.send_signal(getattr(signal, name))
        asv.communicate(timeout=END_SECONDS)
        assert_gone(family)
    assert not [*tmp_path.iterdir()]


def test_what_both_a_command_and_its_guardian_have_left_goes_with_the_next(tmp_path, monkeypatch):
    folders = [tmp_path / f"{_guardian._PREFIX}{name}" for name in ("left", "new", "used")]
    for folder in folders:
        folder.mkdir()
        (folder / "file").touch()
        os.utime(folder, (0, 0))
    os.utime(folders[1])
    lock = "import sys; from pathlib import Path; from benchmarks._session import guardian\n"
    lock += "guardian._lock(Path(sys.argv[1])); print(flush=True); sys.stdin.read()"
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with start(["-c", lock, str(folders[2])], **pipes) as other:
        other.stdout.readline()
        os.utime(folders[2], (0, 0))
        _guardian._delete_abandoned(tmp_path)
        other.communicate()
    assert sorted(tmp_path.iterdir()) == folders[1:]


# The suite under asv alone

SERVER = """
import os, time
from benchmarks._parent import follow_asv

follow_asv()
if not os.fork():
    os.fork()
time.sleep(60)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ties a process to its parent")
def test_a_server_that_starts_after_asvs_end_ends_too(tmp_path):
    path = tmp_path / "asv" / "benchmark.py"
    path.parent.mkdir()
    path.write_text("from benchmarks._parent import follow_asv\n\nfollow_asv()\n")
    for asv, status in ((os.getpid(), 0), (os.getpid() + 1, 1)):
        environment = os.environ | {"PYTHONPATH": str(ROOT), "GRADMARK_ASV": str(asv)}
        assert subprocess.run([sys.executable, str(path)], env=environment).returncode == status


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ties a process to its parent")
def test_a_cell_ends_with_asvs_server_and_the_server_with_asv(tmp_path):
    path = tmp_path / "asv" / "benchmark.py"
    path.parent.mkdir()
    path.write_text(SERVER)
    code = f"import subprocess, time; subprocess.Popen({[sys.executable, str(path)]})"
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with start(["-c", code + "; time.sleep(60)"], env=environment) as asv:
        server, cell, own = wait_for(
            lambda: len(found := asv.children(recursive=True)) == 3 and found
        )
        try:
            asv.kill()
            assert_gone([server, cell])
            assert alive([own])
        finally:
            own.kill()


STARTED = f"""
import os, subprocess, time
from benchmarks._parent import follow_asv

follow_asv()
if not os.fork():
    from benchmarks._session import guardian

    variables = os.environ | {{guardian.VARIABLE: guardian.mark()}}
    subprocess.Popen({SLEEP}, env=variables, start_new_session=True)
time.sleep(60)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux ties a process to its parent")
def test_what_a_session_has_started_under_asv_ends_with_asv(tmp_path):
    path = tmp_path / "asv" / "benchmark.py"
    path.parent.mkdir()
    path.write_text(STARTED)
    code = f"import subprocess, time; subprocess.Popen({[sys.executable, str(path)]})"
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    with start(["-c", code + "; time.sleep(60)"], env=environment) as asv:
        family = wait_for(lambda: len(found := asv.children(recursive=True)) == 4 and found)
        asv.kill()
        assert_gone(family)


# A race

# Starts a process in its own session, writes its number and then sleeps.
HANGS = f"""
def {{name}}(*_):
    import os, subprocess, time
    from pathlib import Path

    child = subprocess.Popen({SLEEP}, start_new_session=True)
    Path(os.environ["GRADMARK_TEST_MARKER"]).write_text(str(child.pid))
    time.sleep(60)
"""


def family_at_work(command, marker):
    """Processes that a command has started, once it has reached `HANGS`."""
    child = wait_for(lambda: marker.exists() and marker.read_text())
    family = command.children(recursive=True)
    assert int(child) in [process.pid for process in family]
    return family


RACE = ["--size", "10", "10", "--threads", "1", "--contender", "matrix"]


def test_a_race_that_is_killed_leaves_nothing(tmp_path):
    plugin = tmp_path / "plugin-1.0.dist-info"
    plugin.mkdir()
    (plugin / "METADATA").write_text("Metadata-Version: 2.1\nName: plugin\nVersion: 1.0\n")
    (plugin / "entry_points.txt").write_text("[gradmark.logistic]\nhangs = plugin\n")
    (tmp_path / "plugin.py").write_text(HANGS.format(name="gradient"))
    marker = tmp_path / "marker"
    variables = os.environ | {"PYTHONPATH": str(tmp_path), "GRADMARK_TEST_MARKER": str(marker)}
    arguments = ["-m", "scripts.race", *RACE, "hangs", "--out", str(tmp_path)]
    with nothing_left(tmp_path / "tmp") as own, start(arguments, env=variables | own) as race:
        family = family_at_work(race, marker)
        assert any((tmp_path / "tmp").iterdir())
        race.kill()
        assert_gone(family)


ON_TERMINAL = """
import fcntl, runpy, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
runpy.run_module("scripts.race", run_name="__main__", alter_sys=True)
"""


def test_a_race_whose_terminal_closes_keeps_its_rounds(tmp_path):
    pty, termios = map(pytest.importorskip, ("pty", "termios"))
    terminal, own = pty.openpty()
    termios.tcsetwinsize(own, (24, 80))  # without columns, there is no bar
    os.set_blocking(terminal, False)
    shown = []

    def rounds_have_ended():
        with open(terminal, "rb", buffering=0, closefd=False) as screen:
            shown.append(screen.read() or b"")
        return re.search(rb"\b[2-9]%", b"".join(shown))

    arguments = ["-c", ON_TERMINAL, *RACE, "--rounds", "500", "--generations", "1"]
    arguments += ["--out", str(tmp_path)]
    with start(arguments, stdin=own, stdout=own, stderr=own) as race:
        os.close(own)
        wait_for(rounds_have_ended)
        family = wait_for(lambda: race.children(recursive=True))
        os.close(terminal)
        assert race.wait(END_SECONDS) == 130
        assert_gone(family)
    page = (tmp_path / "race.md").read_text(encoding="utf-8")
    n_rounds = re.search(r"^## 10 x 10, X of 800 B, (\d+) round", page, re.MULTILINE)
    assert 1 <= int(n_rounds[1]) < 500
    assert (tmp_path / "race.csv").is_file()


# A run


# Hangs in the third round of a session, if it is told where journals are.
WAITS = """
import os
from pathlib import Path


def gradient(weights, X, y):
    if folder := os.environ.get("GRADMARK_TEST_JOURNALS"):
        text = "".join(path.read_text() for path in Path(folder).rglob("*.jsonl"))
        if text.count('"kind": "round"') == 2:
            hang()
    return (X @ weights - y) @ X / X.shape[0]
"""
PRESET = {"sizes": [[10, 10], [11, 10]], "epochs": [], "most_epochs": 0, "rounds": 6}
PRESET |= {"generations": 1, "warm_seconds": 0.0, "sample_seconds": 0.001}


@pytest.fixture
def clone(tmp_path):
    """The working tree as it is, with a small preset and an implementation that hangs."""
    folder = tmp_path / "clone"
    copy_packages(folder)
    shutil.copy(ROOT / "asv.conf.json", folder)
    (folder / "impls" / "linear" / "waits.py").write_text(WAITS + HANGS.format(name="hang"))
    presets = dict.fromkeys(("smoke", "quick", "standard", "full"), PRESET)
    (folder / "benchmarks" / "presets.json").write_text(json.dumps(presets))
    return folder


def journal(clone):
    """Records of the only journal."""
    (path,) = clone.glob(".asv/session/*/*.jsonl")
    return [json.loads(line) for line in path.read_text().splitlines()]


def n_rounds(clone):
    """Number of rounds by measurement and data."""
    rounds = [line for line in journal(clone) if line["kind"] == "round"]
    return Counter((line["measurement"], line["data"][1]) for line in rounds)


@pytest.mark.parametrize(
    ("name", "status"), [("SIGKILL", -signal.SIGKILL), ("SIGHUP", 130), ("SIGTERM", 130)]
)
def test_a_run_that_is_stopped_keeps_its_rounds_and_goes_on(name, status, clone, tmp_path):
    marker, log = tmp_path / "marker", tmp_path / "log"
    variables = os.environ | {"HOME": str(clone), "PYTHONPATH": str(clone)}
    hanging = {"GRADMARK_TEST_MARKER": str(marker), "GRADMARK_TEST_JOURNALS": str(clone / ".asv")}
    arguments = ["-m", "scripts.run", "--threads", "1", "--problem", "linear", "--impl", "waits"]
    arguments += ["--bench", "gradient.*track_time"]
    with (
        nothing_left(tmp_path / "tmp") as own,
        log.open("w") as err,
        start(arguments, clone, env=variables | hanging | own, stderr=err) as run,
    ):
        family = family_at_work(run, marker)
        run.send_signal(getattr(signal, name))
        assert run.wait(END_SECONDS) == status
        assert_gone(family)
    stopped = "\nStopped. Finished rounds are kept; the same command goes on.\n"
    assert log.read_text().endswith(stopped) == (status == 130)
    ((begun, n_before),) = n_rounds(clone).items()
    assert n_before == 2

    done = subprocess.run(
        [sys.executable, *arguments], cwd=clone, env=variables, capture_output=True, text=True
    )
    assert (done.returncode, done.stdout[:18]) == (0, "2 cells measured. "), done.stderr
    counts = n_rounds(clone)
    assert counts[begun] == 6
    assert sorted(counts.values()) == [6, 6]
    last = {(line["data"][1], line["name"]): line for line in journal(clone) if "name" in line}
    assert {(size, last[size, "waits"]["state"]) for size in (10, 11)} == {(10, "ok"), (11, "ok")}
    assert [last[size, "waits"]["generations"] for size in (10, 11)] == [1, 1]
    (results,) = clone.glob(".asv/results/*/*-*.json")
    assert "gradient.linear.track_time" in json.loads(results.read_text())["results"]
