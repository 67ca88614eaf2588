"""Run asv: write its configuration, set its environment, run a slice as a subprocess."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import psutil
from asv import environment, util
from asv.benchmarks import Benchmarks
from asv.config import Config
from asv.repo import get_repo

from impls._files import write_json
from scripts._common import guardian
from scripts._common.errors import UserError
from scripts._common.project import ROOT, STATE
from scripts._common.signals import held_off
from scripts._measured.machine import FILE_VARIABLE, machine_name, settle_machine
from scripts._measured.plugin import VARIABLE, MeasuredTree
from scripts._measured.results import load_file, result_path
from scripts._measured.safe_pages import refuse_markup

_BACKUP = STATE / "backup"
# A poll costs 50 us, so that 4 per second do not disturb the measured process.
_POLL_SECONDS = 0.25
_END_SECONDS = 5  # asv takes less than one to end its own


@dataclass(frozen=True)
class Session:
    """Settings of the slices of one run.

    Attributes
    ----------
    commit : str
        40 hexadecimal digits under which asv files the results.
    preset : str
        Says how long a cell is measured.
    threads : str
        ``all`` or a number.
    plugins : tuple[str, ...]
        Installed plug-ins to list beside the files, as ``problem/name``.
    setup : str
        Digest of libraries and settings; results with another digest go into another file.
    """

    commit: str
    preset: str
    threads: str
    plugins: tuple[str, ...]
    setup: str

    @cached_property
    def config_path(self) -> Path:
        """asv's configuration for this session; written once, because asv may be reading it."""
        path = STATE / f"run-{self.threads}.conf.json"
        write_config(path, GRADMARK_THREADS=self.threads, GRADMARK_SETUP=self.setup)
        return path

    @cached_property
    def environment(self) -> str:
        """asv's name of this interpreter with this thread setting; part of the file name."""
        conf = Config.load(str(self.config_path))
        (found,) = environment.get_environments(conf, [":same"], verbose=False)
        return str(found.name)

    @property
    def result_path(self) -> Path:
        """The result file that slices of this session write."""
        return result_path(self.commit, self.environment)

    def variables(self) -> dict[str, str]:
        """Environment variables that the suite reads."""
        return {
            "ASV_COMMIT": self.commit,
            "ASV_ENV_NAME": self.environment,
            "GRADMARK_PRESET": self.preset,
            "GRADMARK_LISTED_PRESET": "full",
            "GRADMARK_PLUGINS": " ".join(self.plugins),
            "GRADMARK_PATH": _import_path(),
            VARIABLE: self.commit,
        }


def _import_path() -> str:
    """This tree, which need not be the one that is installed, then the folders of PYTHONPATH."""
    folders = filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))
    return os.pathsep.join([str(ROOT), *(str(Path(folder).absolute()) for folder in folders)])


def write_config(path: Path, **variables: str) -> None:
    """Write the project's asv.conf.json for a tree, with absolute paths and these variables.

    The variables are part of the names of result files.
    """
    settings = util.load_json(str(ROOT / "asv.conf.json"), js_comments=True)
    for key in ("repo", "benchmark_dir", "env_dir", "results_dir", "html_dir"):
        settings[key] = str(ROOT / settings.get(key, "benchmarks"))
    # No requirements: asv would file their versions, not those of this interpreter.
    settings["matrix"] = {"env_nobuild": {name: [text] for name, text in variables.items()}}
    settings["dvcs"] = MeasuredTree.dvcs
    write_json(path, settings)


def discover(session: Session) -> dict[str, dict[str, Any]]:
    """asv's list of the suite's benchmarks, by name, with their parameters."""
    _run_asv(session, ["just-discover"], lambda: None)
    conf = Config.load(str(session.config_path))
    return dict(Benchmarks.load(conf)._all_benchmarks)


def run_slice(session: Session, cells: list[str], on_poll: Callable[[], None], cold: bool) -> int:
    """Run the named cells, ``module.problem.method('name', 10, 10)``; return asv's exit status.

    Cold cells start without numba; otherwise it is loaded once for all of them. The last complete
    result file is copied first, because killing asv while it writes damages the results of all
    earlier slices.
    """
    path = session.result_path
    if path.exists():
        _BACKUP.mkdir(exist_ok=True)
        shutil.copy2(path, _BACKUP / path.name)
    variables = {} if cold else {"GRADMARK_WARM": "numba"}
    return _run_asv(session, [_exactly(cells)], on_poll, variables)


def publish(config: Path, tree: str) -> list[str]:
    """Make asv's pages of HEAD's history and a tree; return warnings about the network."""
    _check_pages(Config.load(str(config)))
    command = [sys.executable, "-m", "asv", "publish", "--no-pull", "--config", str(config)]
    before = _log_path().stat().st_size if _log_path().exists() else 0
    _run(command, {VARIABLE: tree}, lambda: None)
    text = _log_path().read_bytes()[before:].decode(errors="replace")
    return [line.lstrip("· ") for line in text.splitlines() if "network" in line]


def _check_pages(conf: Any) -> None:
    """Raise as a UserError what asv would only write to its log."""
    if not Path(Benchmarks.get_benchmark_file_path(conf.results_dir)).exists():
        raise UserError("there are no results yet; make some: python -m scripts.run")
    try:
        refuse_markup(conf.results_dir, Benchmarks.load(conf), get_repo(conf).get_tags())
    except util.UserError as error:
        raise UserError(str(error).replace("\n", "; ")) from error


def restore(session: Session) -> bool:
    """Replace a damaged result file by its last complete copy; return whether it was damaged.

    Raises
    ------
    UserError
        If the file is damaged and there is no copy.
    """
    path = session.result_path
    try:
        if path.exists():
            load_file(path)
        return False
    except UserError:
        if not (_BACKUP / path.name).exists():
            raise UserError(
                f"the result file {path} is damaged and there is no copy of it; move it away"
            ) from None
    shutil.copy2(path, path.with_suffix(".damaged"))
    shutil.copy2(_BACKUP / path.name, path)
    return True


def _exactly(cells: list[str]) -> str:
    return f"^({'|'.join(map(re.escape, cells))})$"


def _run_asv(
    session: Session,
    patterns: list[str],
    on_poll: Callable[[], None],
    variables: dict[str, str] | None = None,
) -> int:
    command = [sys.executable, "-m", "asv", "run", "--config", str(session.config_path)]
    command += ["--python=same", f"--set-commit-hash={session.commit}", "--show-stderr"]
    command.append(f"--machine={machine_name()}")
    command += [f"--bench={pattern}" for pattern in patterns]
    if session.preset == "smoke":  # too short to be kept: it would count as known
        command.append("--dry-run")
    machine = {FILE_VARIABLE: str(settle_machine())}
    return _run(command, session.variables() | machine | (variables or {}), on_poll)


def _run(command: list[str], variables: dict[str, str], on_poll: Callable[[], None]) -> int:
    """Run a command with its output in a log; if interrupted, leave no process behind."""
    log_path = _log_path()
    log_path.parent.mkdir(parents=True, exist_ok=True)
    # asv strikes the entries of PYTHONPATH from its children's path, an editable install's too.
    inherited = {name: text for name, text in os.environ.items() if name != "PYTHONPATH"}
    mark = guardian.mark()
    variables = inherited | variables | {guardian.VARIABLE: mark}
    with log_path.open("ab") as log:
        process = psutil.Popen(
            command,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=variables,
            cwd=ROOT,
            start_new_session=True,
        )
        try:
            while True:
                try:
                    status = int(process.wait(timeout=_POLL_SECONDS))
                    break
                except psutil.TimeoutExpired:
                    on_poll()
        finally:
            with held_off():
                _end(process, mark)
    if status not in (0, 2):  # 2: a benchmark failed, which is a result
        raise UserError(f"asv ended with status {status}; its output is in {log_path}")
    return status


def _log_path() -> Path:
    return STATE / "logs" / "asv.log"


def _end(process: psutil.Popen, mark: str) -> None:
    """End a process and all that it started; asv ends in order on SIGINT only."""
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
        psutil.wait_procs([process], timeout=_END_SECONDS)
        with suppress(psutil.NoSuchProcess):
            process.kill()
    guardian.kill(mark)
    process.wait()
