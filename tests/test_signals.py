"""Ends of commands: in order by a signal, and by SIGKILL without processes or files left behind."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from scripts._common import guardian as _guardian

ROOT = Path(__file__).resolve().parent.parent
SHARED = Path("/dev/shm")
END_SECONDS = 10
SLEEP = [sys.executable, "-c", "import time; time.sleep(60)"]

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals as POSIX has them")


def wait_for(condition, seconds=60):
    """Wait until `condition` returns a true value; return it."""
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)
    return found


def alive(processes):
    return [p for p in processes if p.is_running() and p.status() != psutil.STATUS_ZOMBIE]


@contextmanager
def start(arguments, folder=ROOT, **more):
    """Python in its own session, as from another terminal; killed at the end."""
    process = psutil.Popen([sys.executable, *arguments], cwd=folder, start_new_session=True, **more)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()


def assert_gone(processes):
    wait_for(lambda: not alive(processes), END_SECONDS)


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
    Path(sys.argv[1]).touch()
    try:
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
    "names", [["SIGINT"], ["SIGTERM"], ["SIGHUP"], ["SIGHUP", "SIGINT", "SIGTERM", "SIGHUP"]]
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
    code = "import os, subprocess, time; from scripts._common import guardian as _guardian\n"
    code += "variables = os.environ | {_guardian.VARIABLE: _guardian.mark()}\n"
    code += f"subprocess.Popen({SLEEP}, env=variables, start_new_session=True)\ntime.sleep(60)"
    with start(["-c", code]) as command:
        family = wait_for(lambda: len(found := command.children()) == 2 and found)
        command.kill()
        assert_gone(family)


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


def shared_files():
    return set(SHARED.glob("gradmark*"))


def test_a_race_that_is_killed_leaves_nothing(tmp_path):
    plugin = tmp_path / "plugin-1.0.dist-info"
    plugin.mkdir()
    (plugin / "METADATA").write_text("Metadata-Version: 2.1\nName: plugin\nVersion: 1.0\n")
    (plugin / "entry_points.txt").write_text("[gradmark.logistic]\nhangs = plugin\n")
    (tmp_path / "plugin.py").write_text(HANGS.format(name="gradient"))
    marker, before = tmp_path / "marker", shared_files()
    variables = {"PYTHONPATH": str(tmp_path), "GRADMARK_TEST_MARKER": str(marker)}
    arguments = ["-m", "scripts.race", *RACE, "hangs", "--out", str(tmp_path)]
    with start(arguments, env=os.environ | variables) as race:
        family = family_at_work(race, marker)
        race.kill()
        assert_gone(family)
    assert shared_files() <= before


ON_TERMINAL = """
import fcntl, runpy, sys, termios
fcntl.ioctl(0, termios.TIOCSCTTY, 0)
runpy.run_module("scripts.race", run_name="__main__", alter_sys=True)
"""


def test_a_race_whose_terminal_closes_keeps_its_rounds(tmp_path):
    pty = pytest.importorskip("pty")
    terminal, own = pty.openpty()
    os.set_blocking(terminal, False)
    shown = []

    def first_size_has_ended():
        with open(terminal, "rb", buffering=0, closefd=False) as screen:
            shown.append(screen.read() or b"")
        return b"## 10 x 10" in b"".join(shown)

    arguments = ["-c", ON_TERMINAL, *RACE, "--size", "11", "10", "--rounds", "20"]
    arguments += ["--out", str(tmp_path)]
    with start(arguments, stdin=own, stdout=own, stderr=own) as race:
        os.close(own)
        wait_for(first_size_has_ended)
        family = wait_for(lambda: race.children(recursive=True))
        os.close(terminal)
        assert race.wait(END_SECONDS) == 130
        assert_gone(family)
    page = (tmp_path / "race.md").read_text(encoding="utf-8")
    assert "## 10 x 10, X of 800 B, 20 rounds" in page
    assert "## 11 x 10, X of 880 B" not in page or "interrupted after" in page
    assert (tmp_path / "race.csv").is_file()


# A run


@pytest.fixture(scope="module")
def clone(tmp_path_factory):
    """A clone of the working tree as it is, with cells that hang and have a child."""
    folder = tmp_path_factory.mktemp("clone")
    for name in ("impls", "benchmarks", "scripts"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("asv.conf.json", ".gitignore"):
        shutil.copy(ROOT / name, folder)
    with (folder / "benchmarks" / "_cell.py").open("a") as module:
        module.write(HANGS.format(name="open_cell"))
    git = ["git", "-c", "user.name=somebody", "-c", "user.email=somebody@example.org"]
    for arguments in (["init"], ["add", "--all"], ["commit", "--message=first"]):
        subprocess.run([*git, *arguments], cwd=folder, check=True, capture_output=True)
    return folder


@pytest.mark.parametrize(("name", "status"), [("SIGKILL", -signal.SIGKILL), ("SIGHUP", 130)])
def test_a_run_that_is_stopped_leaves_no_process(name, status, clone, tmp_path):
    marker = tmp_path / "marker"
    variables = os.environ | {"HOME": str(clone), "GRADMARK_TEST_MARKER": str(marker)}
    arguments = ["-m", "scripts.run", "--preset", "smoke", "--impl", "matrix"]
    arguments += ["--bench", "accuracy.logistic.track_error"]
    log = tmp_path / "log"
    with log.open("w") as stderr, start(arguments, clone, env=variables, stderr=stderr) as run:
        family = family_at_work(run, marker)
        run.send_signal(getattr(signal, name))
        assert run.wait(END_SECONDS) == status
        assert_gone(family)
    stopped = "\nStopped. Finished slices are kept; the same command goes on.\n"
    assert log.read_text().endswith(stopped) == (status == 130)
