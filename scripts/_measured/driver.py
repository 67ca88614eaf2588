"""File a session's values with asv, and run asv's own commands as subprocesses."""

from __future__ import annotations

import ast
import itertools
import math
import os
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any

import psutil
from asv import environment, util
from asv.benchmarks import Benchmarks
from asv.config import Config
from asv.repo import get_repo
from asv.results import Results, get_filename
from asv.runner import BenchmarkResult

from benchmarks import _measure
from benchmarks._own import folder
from benchmarks._session import guardian
from benchmarks._session.journal import Source
from benchmarks._session.values import FAULTS, Value
from impls._errors import one_line
from impls._files import folder_aside, write_json, write_whole
from scripts._common.checked import leave_aside
from scripts._common.errors import UserError
from scripts._common.project import ROOT, STATE
from scripts._common.signals import held_off
from scripts._measured import asv_files, plugin
from scripts._measured.machine import FILE_VARIABLE, machine_name, settle_machine
from scripts._measured.plugin import VARIABLE, MeasuredTree
from scripts._measured.progress import wait
from scripts._measured.safe_pages import refuse_markup

Values = Mapping[tuple[str, ...], Value]
_ROOM_BYTES = 2**16
_END_SECONDS = 5  # asv takes less than one to end its own


@dataclass(frozen=True)
class Session:
    """A run, as asv sees it.

    Attributes
    ----------
    commit : str
        40 hexadecimal digits under which asv files the results.
    threads : str
        ``all`` or a number.
    plugins : tuple[str, ...]
        Installed plug-ins to list beside the files, as ``problem/name``.
    setup : str
        Digest of libraries and settings; results with another digest go into another file.
    """

    commit: str
    threads: str
    plugins: tuple[str, ...]
    setup: str

    @property
    def config_path(self) -> Path:
        """asv's configuration for this session; again if the folder was moved meanwhile."""
        return self._config_path if self._config_path.exists() else self._write_config()

    @cached_property
    def _config_path(self) -> Path:
        return self._write_config()

    def _write_config(self) -> Path:
        path = STATE / f"run-{self.threads}.conf.json"
        write_config(path, GRADMARK_THREADS=self.threads, GRADMARK_SETUP=self.setup)
        return path

    @cached_property
    def _environment(self) -> Any:
        conf = Config.load(str(self.config_path))
        (found,) = environment.get_environments(conf, [":same"], verbose=False)
        return found

    @property
    def environment(self) -> str:
        """asv's name of this interpreter with this thread setting; part of the file name."""
        return str(self._environment.name)

    @property
    def python(self) -> str:
        """asv's version of this interpreter."""
        return str(self._environment.python)

    @property
    def source(self) -> Source:
        """What the session's journal belongs to."""
        return Source(self.commit, self.environment, self.threads)

    @property
    def journal_path(self) -> Path:
        """The session's journal."""
        return _measure.path_of(self.source, machine_name())

    def variables(self) -> dict[str, str]:
        """Environment variables that the suite reads."""
        return {
            "ASV_COMMIT": self.commit,
            "ASV_ENV_NAME": self.environment,
            "GRADMARK_LISTED_PRESET": "full",
            "GRADMARK_PLUGINS": " ".join(self.plugins),
            "GRADMARK_PATH": _import_path(),
            VARIABLE: self.commit,
            **folder.variables(),
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


def check_filed(session: Session) -> None:
    """Raise if values would be added to those of another machine of the same name."""
    conf = Config.load(str(session.config_path))
    machine = settle_machine()
    filed = get_filename(machine.stem, session.commit, session.environment)
    path = Path(conf.results_dir, filed)
    if why := asv_files.foreign(path, util.load_json(str(machine))[machine.stem]):
        raise UserError(
            f"nothing can be kept: asv's results in {one_line(str(path))} {why}; move them away"
        )


def file_results(session: Session, values: Values) -> None:
    """Write values into asv's result file of this session, beside what else it holds."""
    plugin.keep_whole()  # what is written here, too
    _run_asv(session, ["just-discover"])
    conf = Config.load(str(session.config_path))
    machine = settle_machine()
    facts = util.load_json(str(machine))[machine.stem]
    results = Results(
        {**facts, "machine": machine.stem, "python": session.python},
        {},
        session.commit,
        int(datetime.now(UTC).timestamp() * 1000),
        session.python,
        session.environment,
        {"GRADMARK_THREADS": session.threads, "GRADMARK_SETUP": session.setup},
    )
    _add_known(results, conf.results_dir)
    for benchmark in Benchmarks.load(conf)._all_benchmarks.values():
        results.add_result(benchmark, _result_of(benchmark, values), datetime.now(UTC), 0.0)
    plugin.keep_whole()
    results.save(conf.results_dir)


def _add_known(results: Any, results_dir: str) -> None:
    """Load what the result file holds already; a damaged one is named, and written anew."""
    path = Path(results_dir, results._filename)
    if why := asv_files.fault(path, asv_files.ResultFile):
        leave_aside(f"asv's results in {path} cannot be read ({why}); they are written anew")
        return
    with suppress(Exception):  # asv's reader raises whatever it does not expect
        results.load_data(results_dir)


def _result_of(benchmark: dict[str, Any], values: Values) -> BenchmarkResult:
    """asv's record of one benchmark: null where it failed, NaN where there is no value."""
    _, problem, method = benchmark["name"].split(".")
    metric = method.removeprefix("track_")
    combinations = itertools.product(*benchmark["params"])
    found = [values.get(_key(problem, metric, texts)) for texts in combinations]
    numbers = [_number(each) for each in found]
    samples = [list(each.samples) if each and each.samples else None for each in found]
    return BenchmarkResult(numbers, samples, [1 if own else None for own in samples], 0, "", None)


def _number(value: Value | None) -> float | None:
    """What asv shows: null for a fault, NaN where there is no value."""
    if value is None:
        return math.nan
    return None if value.state in FAULTS else value.value


def _key(problem: str, metric: str, texts: tuple[str, ...]) -> tuple[str, ...]:
    """Key of a value: parameters are an implementation, a solver or none, and data."""
    params = [ast.literal_eval(text) for text in texts]
    has_size = isinstance(params[-1], int)
    data = f"{params[-2]} x {params[-1]}" if has_size else params[-1]
    between = params[1 : -2 if has_size else -1]
    return (problem, data, params[0], "/".join([metric, *between]))


def publish(config: Path, tree: str) -> list[str]:
    """Make asv's pages of HEAD's history and a tree; return the warnings of our plug-ins."""
    conf = Config.load(str(config))
    _check_pages(conf)
    command = [sys.executable, "-m", "asv", "publish", "--no-pull", "--config", str(config)]
    before = _log_size()
    with folder_aside(Path(conf.html_dir)) as folder:  # asv begins by deleting the old pages
        _run([*command, "--html-dir", str(folder)], {VARIABLE: tree})
    told = ("network connection", "nothing is added")
    return [line for line in _logged(before) if any(each in line for each in told)]


def _check_pages(conf: Any) -> None:
    """Raise as a UserError what asv would only write to its log."""
    if not Path(Benchmarks.get_benchmark_file_path(conf.results_dir)).exists():
        raise UserError("there are no results yet; make some: python -m scripts.run")
    if why := asv_files.benchmarks_fault(conf.results_dir):
        path = Benchmarks.get_benchmark_file_path(conf.results_dir)
        raise UserError(
            f"nothing is published: asv's list of benchmarks {path} cannot be read ({why}); "
            "write it again: python -m scripts.run"
        )
    asv_files.setup()
    for each in asv_files.faults(conf.results_dir):
        leave_aside(each)
    try:
        refuse_markup(conf.results_dir, Benchmarks.load(conf), get_repo(conf).get_tags())
    except util.UserError as error:
        raise UserError(str(error).replace("\n", "; ")) from error


def _run_asv(session: Session, patterns: list[str]) -> int:
    command = [sys.executable, "-m", "asv", "run", "--config", str(session.config_path)]
    command += ["--python=same", f"--set-commit-hash={session.commit}", "--show-stderr"]
    command.append(f"--machine={machine_name()}")
    command += [f"--bench={pattern}" for pattern in patterns]
    machine = {FILE_VARIABLE: str(settle_machine())}
    return _run(command, session.variables() | machine)


def _run(command: list[str], variables: dict[str, str]) -> int:
    """Run a command with its output in a log; if interrupted, leave no process behind."""
    log_path, before = _log_path(), _log_size()
    log_path.parent.mkdir(parents=True, exist_ok=True)
    # asv strikes the entries of PYTHONPATH from its children's path, an editable install's too.
    inherited = {name: text for name, text in os.environ.items() if name != "PYTHONPATH"}
    mark = guardian.mark()
    own = {guardian.VARIABLE: mark, "TMPDIR": guardian.folder()}
    with log_path.open("ab") as log:
        process = psutil.Popen(
            command,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=inherited | variables | own,
            cwd=ROOT,
            start_new_session=True,
        )
        try:
            status = wait(process, log_path)
        finally:
            with held_off():
                _end(process, mark)
    if status not in (0, 2):  # 2: a benchmark failed, which is a result
        write_whole(STATE / "room", b"x" * _ROOM_BYTES)  # tells of a disk that is full
        (STATE / "room").unlink()
        last = one_line("".join(_logged(before)[-1:]))
        why = f" ({last})" if last else ""
        raise UserError(f"asv ended with status {status}{why}; its output is in {log_path}")
    return status


def _log_path() -> Path:
    return STATE / "logs" / "asv.log"


def _log_size() -> int:
    return _log_path().stat().st_size if _log_path().exists() else 0


def _logged(before: int) -> list[str]:
    """Lines of the log from this place on, without asv's bullets; no blank ones."""
    lines = _log_path().read_bytes()[before:].decode(errors="replace").splitlines()
    return [text for line in lines if (text := line.lstrip("· ").rstrip())]


def _end(process: psutil.Popen, mark: str) -> None:
    """End a process and all that it started; asv ends in order on SIGINT only."""
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
        psutil.wait_procs([process], timeout=_END_SECONDS)
        with suppress(psutil.NoSuchProcess):
            process.kill()
    guardian.kill(mark)
    process.wait()
