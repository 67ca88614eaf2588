"""Limited terminals, closed pipes and read-only places give a result or one sentence."""

from __future__ import annotations

import errno
import io
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from asv.machine import Machine, MachineCollection

from benchmarks import _measure
from impls._provenance import journal_name
from scripts import race, report, train
from scripts._common.cli import make_out_folder
from scripts._common.errors import UserError, run_command
from scripts._measured import driver, machine, results

ROOT = Path(__file__).resolve().parent.parent


def exit_status(main):
    with pytest.raises(SystemExit) as ended:
        run_command(main)
    _written_to.append(sys.stdout)
    return ended.value.code


# Standard outputs that commands have put in the place of theirs; pytest drops them after a test.
_written_to = []


@pytest.fixture
def put_stdout(monkeypatch):
    """Make a descriptor the standard output, and flush it at the end as the interpreter does."""
    opened = []

    def put(descriptor):
        opened.append(os.fdopen(descriptor, "w", encoding="utf-8"))
        monkeypatch.setattr(sys, "stdout", opened[-1])

    _written_to.clear()
    yield put
    for stream in _written_to if opened else ():
        stream.close()


def closed_pipe():
    reading, writing = os.pipe()
    os.close(reading)
    return writing


def test_a_sign_that_the_terminal_lacks_is_replaced(monkeypatch):
    raw = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(raw, encoding="ascii"))
    assert exit_status(lambda: print("2.00 us ±0%") or 0) == 0
    assert raw.getvalue() == b"2.00 us ?0%\n"


def test_without_a_standard_output_a_command_runs(monkeypatch):
    monkeypatch.setattr(sys, "stdout", None)
    assert exit_status(lambda: print("lost") or 1) == 1


@pytest.mark.skipif(os.name != "posix", reason="a shell closes the streams")
@pytest.mark.parametrize("closed", ["<&-", "2>&-", "<&- >&- 2>&-"])
def test_streams_that_are_closed_from_the_start_stop_nothing(closed):
    command = f'exec "$0" -m scripts.check linear/matrix {closed}'
    pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    done = subprocess.run(["sh", "-c", command, sys.executable], cwd=ROOT, **pipes)
    assert done.returncode == 0


@pytest.mark.parametrize("status", [0, 1])
def test_a_verdict_that_nobody_reads_is_the_status_all_the_same(put_stdout, capfd, status):
    put_stdout(closed_pipe())
    assert exit_status(lambda: print("short") or status) == status
    assert capfd.readouterr().err == ""


def test_a_command_stops_where_the_reader_has_seen_enough(put_stdout, capfd):
    put_stdout(closed_pipe())
    assert exit_status(lambda: print("long" * 100_000)) == 141
    assert capfd.readouterr().err == ""


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
@pytest.mark.parametrize("n", [1, 100_000])
def test_a_full_disk_under_the_output_is_one_sentence(put_stdout, capsys, n):
    put_stdout(os.open("/dev/full", os.O_WRONLY))
    assert exit_status(lambda: print("text" * n) or 0) == 1
    assert capsys.readouterr().err == (
        "error: a file or the output: No space left on device; make room there\n"
    )


def test_list_into_a_closed_pipe_says_nothing():
    writing = closed_pipe()
    command = [sys.executable, "-m", "scripts.list", "linear"]
    done = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, cwd=ROOT, check=False)
    os.close(writing)
    assert (done.returncode in (0, 141), done.stderr) == (True, b"")


@pytest.mark.parametrize(
    "number",
    [
        *(errno.EACCES, errno.EPERM, errno.EROFS, errno.ENOSPC, errno.EDQUOT, errno.ENAMETOOLONG),
        *(errno.EISDIR, errno.ENOTDIR, errno.EEXIST, errno.EIO, errno.ENOENT),
    ],
)
def test_what_the_system_refuses_is_one_sentence_with_the_path(capsys, number):
    def refuse():
        raise OSError(number, os.strerror(number), "/some/where")

    assert exit_status(refuse) == 1
    error = capsys.readouterr().err
    assert error.startswith(f"error: /some/where: {os.strerror(number)}")
    assert error.count("\n") == 1


def test_a_state_folder_that_is_a_file_is_named(tmp_path, monkeypatch, capsys):
    (tmp_path / ".asv").write_text("")
    monkeypatch.setattr(driver, "STATE", tmp_path / ".asv")
    assert exit_status(lambda: driver.write_config(driver.STATE / "run.json")) == 1
    assert capsys.readouterr().err == (
        f"error: {tmp_path / '.asv'}: File exists; a folder is expected there: move the file away\n"
    )


def test_out_is_made_and_left_empty(tmp_path):
    folder = make_out_folder(str(tmp_path / "a" / "b"))
    assert list(folder.iterdir()) == []


@pytest.mark.parametrize(
    ("main", "work", "argv"),
    [
        (race.main, (race, "_race"), ["--contender", "matrix"]),
        (report.main, (report, "working_tree"), []),
        (train.main, (train._experiments, "load"), ["recursion"]),
    ],
)
@pytest.mark.parametrize("refused", ["a file", "unwritable"])
def test_out_is_refused_before_the_work(tmp_path, monkeypatch, main, work, argv, refused):
    out = tmp_path / "out"
    if refused == "a file":
        out.write_text("")
    else:
        monkeypatch.setattr("scripts._common.cli.TemporaryFile", refuse_file)
    monkeypatch.setattr(train, "_check_options", lambda _: None)
    monkeypatch.setattr(*work, lambda *_: pytest.fail("it began to work"))
    monkeypatch.setattr(sys, "argv", ["command", *argv, "--out", str(out)])
    with pytest.raises(UserError, match=f"--out is {out}, which cannot be written to"):
        main()


def refuse_file(dir):
    raise PermissionError(errno.EACCES, "Permission denied", f"{dir}/tmp")


@pytest.fixture
def state(tmp_path, monkeypatch):
    """A state folder and a home for this test."""
    monkeypatch.setattr(machine, "STATE", tmp_path / "clone" / ".asv")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv(machine.NAME_VARIABLE, raising=False)
    return tmp_path


HOST = Machine.get_unique_machine_name()
WHOLE = dict.fromkeys(["machine", "os", "arch", "cpu", "num_cpu", "ram"], "mine")


def facts_of(name):
    return MachineCollection.load(name, _path=str(machine.settle_machine()))


@pytest.mark.parametrize(
    "text",
    [
        *("", "{", "[1]", "null", "1", "{}", '{"version": 9}', '{"version": "1"}', "\0\xff"),
        '{"version": 1, "HOST": {}}',
        '{"version": 1, "HOST": {"machine": "HOST", "cpu": "a"}}',
        '{"version": 1, "HOST": [1]}',
        '{"version": 1, "other": 3}',
    ],
)
def test_a_damaged_home_stops_nobody_and_stays(state, text):
    path = state / ".asv-machine.json"
    path.write_text(text.replace("HOST", HOST), encoding="latin-1")
    before = path.read_bytes()
    assert facts_of(HOST) == Machine.get_defaults() | {"machine": HOST}
    assert path.read_bytes() == before


def test_without_a_home_the_machine_is_known(state, monkeypatch):
    monkeypatch.delenv("HOME")
    monkeypatch.setattr(MachineCollection, "get_machine_file_path", lambda: "~/.asv-machine.json")
    assert facts_of(HOST)["machine"] == HOST
    assert not (state / ".asv-machine.json").exists()


def test_facts_that_a_home_holds_are_taken_and_kept(state):
    path = state / ".asv-machine.json"
    path.write_text(json.dumps({"version": 1, HOST: WHOLE}))
    assert facts_of(HOST) == WHOLE | {"machine": HOST}
    path.unlink()
    assert facts_of(HOST) == WHOLE | {"machine": HOST}


def test_damaged_facts_in_the_clone_are_made_again(state):
    path = machine.settle_machine()
    path.write_text("{")
    assert facts_of(HOST)["machine"] == HOST


def test_a_machine_can_be_named(state, monkeypatch):
    monkeypatch.setenv(machine.NAME_VARIABLE, "desk-1.b_c")
    assert results.machine_name() == "desk-1.b_c"
    assert facts_of("desk-1.b_c")["machine"] == "desk-1.b_c"
    session = driver.Session("0" * 40, "all", plugins=(), setup="")
    monkeypatch.setattr(driver.Session, "environment", "env")
    assert session.journal_path.parent == _measure.FOLDER / "desk-1.b_c"
    assert session.journal_path.name == journal_name("0" * 40, "env")


@pytest.mark.parametrize("name", ["../x", "..", ".", "-x", "a b", "a/b", "<b>", "é", "a" * 65])
def test_a_name_that_is_no_folder_is_refused(monkeypatch, name):
    monkeypatch.setenv(machine.NAME_VARIABLE, name)
    with pytest.raises(UserError, match=r"GRADMARK_MACHINE is .*, expected at most 64 letters"):
        machine.machine_name()


def test_asv_is_told_the_name_and_the_file(state, monkeypatch):
    calls = []
    monkeypatch.setenv(machine.NAME_VARIABLE, "desk")
    monkeypatch.setattr(driver, "STATE", state)
    monkeypatch.setattr(driver, "_run", lambda *call: calls.append(call) or 0)
    driver._run_asv(driver.Session("0" * 40, "all", plugins=(), setup=""), ["just-discover"])
    ((command, variables),) = calls
    assert "--machine=desk" in command
    own = MachineCollection.get_machine_file_path
    monkeypatch.setattr(MachineCollection, "get_machine_file_path", staticmethod(own))
    monkeypatch.setenv(machine.FILE_VARIABLE, variables[machine.FILE_VARIABLE])
    machine.setup()
    assert MachineCollection.load("desk")["machine"] == "desk"


def test_another_asv_keeps_its_own_file(monkeypatch):
    monkeypatch.delenv(machine.FILE_VARIABLE, raising=False)
    before = MachineCollection.get_machine_file_path()
    machine.setup()
    assert MachineCollection.get_machine_file_path() == before


@pytest.mark.skipif(shutil.which("make") is None, reason="make is not installed")
def test_make_installs_into_its_environment_alone():
    command = ["make", "--dry-run", "--always-make", "test"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    (install,) = [line for line in done.stdout.splitlines() if "pip install" in line]
    assert "env -u PIP_TARGET -u PIP_PREFIX PIP_USER=0 " in install
    assert " PIP_CONSTRAINT=constraints.txt " in install  # also of what builds this package
    assert " PIP_BUILD_CONSTRAINT=constraints.txt .venv/bin/python -m pip" in install
    # A script's first line names its interpreter, in at most 127 characters.
    programs = [line.split()[0] for line in done.stdout.splitlines() if ".venv/bin/" in line]
    assert set(programs) <= {".venv/bin/python", "env", "python3"}
