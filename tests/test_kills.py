"""Kills at random moments leave no process, file or lock behind, and the next start goes on.

GRADMARK_KILLS is the number of kills, 10 by default: GRADMARK_KILLS=200 python -m pytest
tests/test_kills.py takes some six minutes.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
from contextlib import suppress

import psutil
import pytest
from filelock import FileLock

import impls
from tests._copied import copy_packages
from tests._families import END_SECONDS, ROOT, shared_files, start, wait_for

N_KILLS = int(os.environ.get("GRADMARK_KILLS", "10"))
SUBTREE = "GRADMARK_TEST_SUBTREE"
LATEST_SECONDS = 2.5  # about what a command takes here
SIGNALS = ("SIGHUP", "SIGQUIT", "SIGTERM", "SIGINT", "SIGKILL", "SIGKILL")
RUN = ["-m", "scripts.run", "--problem", "linear", "--impl", "loose", "--threads", "1"]
RACE = ["--size", "10", "10", "--contender", "loose", "--threads", "1", "--problem", "linear"]
COMMANDS = {
    "run": [*RUN, "--again"],
    "race": ["-m", "scripts.race", *RACE, "--out", "out"],
    "check": ["-m", "scripts.check", "linear"],
    "report": ["-m", "scripts.report", "--threads", "1", "--out", "out"],
    "train": ["-m", "scripts.train", "descent", "--impl", "loose", "--out", "out"],
    "asv": ["-m", "asv", "run", "--python=same", "--bench", r"gradient\.linear\.track_time"],
}
# Starts a process without an environment, in a session of its own, whose parent ends.
LOOSE = """
import subprocess

subprocess.run(["/bin/sh", "-c", "sleep {seconds} & exit"], env={{}}, start_new_session=True)


def gradient(weights, X, y):
    return (X @ weights - y) @ X / len(y)
"""
PRESET = {"sizes": [[10, 10], [11, 10]], "epochs": [], "most_epochs": 0, "rounds": 6}
PRESET |= {"generations": 1, "warm_seconds": 0.0, "sample_seconds": 0.001}

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets keepers adopt")


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A copy of the working tree with results, a committed clone that asv can measure."""
    folder = tmp_path_factory.mktemp("kills")
    clone = folder / "clone"
    copy_packages(clone)
    for name in ("asv.conf.json", ".gitignore"):
        shutil.copy(ROOT / name, clone)
    _remove_most(clone / "impls")
    source = LOOSE.format(seconds=_seconds(folder))
    (clone / "impls" / "linear" / "loose.py").write_text(source)
    presets = dict.fromkeys(("smoke", "quick", "standard", "full"), PRESET)
    (clone / "benchmarks" / "presets.json").write_text(json.dumps(presets))
    (folder / "tmp").mkdir()
    for command in (["init", "-q"], ["add", "."], [*_AUTHOR, "commit", "-qm", "all"]):
        subprocess.run(["git", *command], cwd=clone, check=True)
    for command in (RUN, ["-m", "asv", "machine", "--yes"]):
        run(folder, command)
    return folder


def _remove_most(package):
    """Leave one problem with two implementations, so that asv measures them in seconds."""
    for problem in set(impls.problems()) - {"linear"}:
        shutil.rmtree(package / problem)
    for name in set(impls.names("linear")) - {"matrix", "row_loop"}:
        (package / "linear" / f"{name}.py").unlink(missing_ok=True)


_AUTHOR = ("-c", "user.name=a", "-c", "user.email=a@example.com")


def _seconds(folder):
    """How long the processes without an environment sleep: a number that names them."""
    return 600 + sum(str(folder).encode()) / 1e5 + os.getpid() / 1e12


def variables(folder):
    own = {"HOME": str(folder), "PYTHONPATH": str(folder / "clone"), SUBTREE: str(folder)}
    return os.environ | own | {"TMPDIR": str(folder / "tmp"), "GRADMARK_PRESET": "quick"}


def arguments_of(name, folder):
    if name != "asv":
        return COMMANDS[name]
    head = ["git", "rev-parse", "HEAD"]
    done = subprocess.run(head, cwd=folder / "clone", capture_output=True, text=True, check=True)
    return [*COMMANDS[name], f"--set-commit-hash={done.stdout.strip()}"]


def run(folder, arguments):
    command = [sys.executable, *arguments]
    pipes = {"capture_output": True, "text": True}
    done = subprocess.run(command, cwd=folder / "clone", env=variables(folder), **pipes)
    assert done.returncode == 0, done.stderr
    return done.stdout


def left(folder):
    """Processes of the commands that have not ended, with an environment or without."""
    return [each for each in psutil.process_iter() if _belongs(each, folder)]


def _belongs(process, folder):
    try:
        if process.status() == psutil.STATUS_ZOMBIE or process.pid == os.getpid():
            return False
        is_loose = process.cmdline() == ["sleep", f"{_seconds(folder)}"]
        return is_loose or process.environ().get(SUBTREE) == str(folder)
    except (psutil.Error, OSError):
        return False


def line(process):
    with suppress(psutil.Error):
        return " ".join(process.cmdline())[:200]
    return "a process that has ended"


def send(process, number):
    with suppress(psutil.NoSuchProcess):
        process.send_signal(number)


def end(command, draw):
    """Send a signal to the command or to a process of it, perhaps to stopped ones; tell what."""
    family = {command: ""} | {each: line(each) for each in command.children(recursive=True)}
    # Where a guardian is killed with its command, the next one clears up, see `test_signals`.
    family = {each: text for each, text in family.items() if "guardian.py" not in text}
    stopped = [*family] if draw.random() < 0.2 else []
    victim = draw.choice([command, *family])
    name = draw.choice(SIGNALS)
    told = f"{name} for {family[victim] or 'the command'}{' while stopped' * bool(stopped)}"
    for each in stopped:
        send(each, signal.SIGSTOP)
    send(victim, getattr(signal, name))
    for each in stopped:
        send(each, signal.SIGCONT)
    if victim != command:  # which goes on, or fails
        with suppress(psutil.TimeoutExpired):
            command.wait(draw.uniform(0, LATEST_SECONDS))
        send(command, getattr(signal, draw.choice(SIGNALS)))
    return told


def kill_once(folder, seed):
    draw = random.Random(seed)
    name = draw.choice([*COMMANDS])
    pipes = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    arguments = arguments_of(name, folder)
    told = "an end in order"
    with start(arguments, folder / "clone", env=variables(folder), **pipes) as command:
        try:
            command.wait(draw.uniform(0, LATEST_SECONDS))
        except psutil.TimeoutExpired:
            told = end(command, draw)
        command.wait(END_SECONDS)
    what = f"seed {seed}: {told}, of {name}"
    _wait_until_clean(folder, what)


def _wait_until_clean(folder, what):
    temporary = folder / "tmp"
    try:
        wait_for(lambda: not left(folder) and not [*temporary.iterdir()], END_SECONDS)
    except AssertionError:
        found = [each.cmdline() for each in left(folder)], [*temporary.rglob("*")]
        pytest.fail(f"{what} leaves {found}")
    with FileLock(folder / "clone" / ".asv" / "run.lock", blocking=False):
        pass


def test_kills_at_random_moments_leave_nothing_and_the_next_start_goes_on(place):
    before = shared_files()
    for seed in range(N_KILLS):
        kill_once(place, seed)
    assert shared_files() <= before
    for name in ("run", "asv"):  # which go on from what is there
        run(place, arguments_of(name, place))
