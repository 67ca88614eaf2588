"""asv's results as a tidy data frame; no other module knows the format of asv's files.

asv promises no stable format: its version is pinned, and a recorded result file is test data.
"""

from __future__ import annotations

import itertools
import math
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
from asv.results import Results, get_filename

from impls._provenance import Provenance
from scripts._common.errors import UserError
from scripts._common.metrics import Metric, metric_of
from scripts._common.project import STATE
from scripts._measured.cells import Cell
from scripts._measured.journal import Outcome, load_state, read_journal
from scripts._measured.machine import NAME_VARIABLE, machine_name
from scripts._measured.state import State

FOLDER = STATE / "results"
_NOT_RUN = "not run"
_CELL = ["problem", "implementation", "solver", "n_samples", "n_features", "dataset"]
COLUMNS = [
    *_CELL,
    *("metric", "value", "low", "high", "unit", "state", "reason"),
    *("threads", "commit", "environment", "measured", "versions"),
]
Outcomes = Mapping[tuple[Any, ...], Outcome]
_Row = dict[str, Any]


@dataclass(frozen=True)
class ResultFile:
    """One of asv's result files: a commit on this machine in one environment."""

    path: Path
    commit: str
    environment: str
    results: Any

    @property
    def threads(self) -> str:
        """Number of threads that its cells may use: ``all`` or a number."""
        return str(self.results.env_vars.get("GRADMARK_THREADS", "all"))


def result_path(commit: str, environment: str) -> Path:
    """Path of the results of a commit in an environment, as asv names it."""
    return FOLDER / str(get_filename(machine_name(), commit, environment))


def list_result_files() -> list[ResultFile]:
    """This machine's result files, the last written first.

    Raises
    ------
    UserError
        If there are none, if all are another machine's, or if none can be read.
    """
    files = _own_files()
    others = sorted({path.parent.name for path in _paths("*")} - {machine_name()})
    if not files and others:
        raise UserError(
            f"there are results of another machine only ({', '.join(others)}), this one is "
            f"{machine_name()}; make some here: python -m scripts.run, or name this machine in "
            f"{NAME_VARIABLE}"
        )
    if not files:
        raise UserError("there are no results yet; make some: python -m scripts.run")
    return files


def _paths(machine: str) -> list[Path]:
    paths = [path for path in FOLDER.glob(f"{machine}/*.json") if path.name != "machine.json"]
    return sorted(paths, key=_changed_at, reverse=True)


def _changed_at(path: Path) -> float:
    """Time when a file was last written; 0 if it is gone."""
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def _own_files() -> list[ResultFile]:
    """This machine's files; one that cannot be read is named and left out.

    Raises
    ------
    UserError
        If there are files and none can be read.
    """
    files, errors = [], []
    for path in _paths(machine_name()):
        try:
            files.append(load_file(path))
        except UserError as error:
            errors.append(error)
    if errors and not files:
        raise errors[0]
    for text in map(str, errors):
        _warn(text)
    return files


@cache
def _warn(text: str) -> None:
    print(f"left aside: {text}", file=sys.stderr)


def load_file(path: Path) -> ResultFile:
    """Read one result file.

    Raises
    ------
    UserError
        If it is damaged; nothing is changed.
    """
    try:
        results = Results.load(str(path))
        _check_values(results)
    # asv's reader raises whatever error the damage leads to.
    except Exception as error:
        raise UserError(
            f"the result file {path} is damaged ({type(error).__name__}: {error}); python -m "
            "scripts.run puts the last complete copy back, or move the file away and run again"
        ) from error
    _check_names(path, results)
    return ResultFile(path, results.commit_hash, results.env_name, results)


def _check_names(path: Path, results: Any) -> None:
    """Refuse a file whose commit is no hash, because file names and commands contain it."""
    if not re.fullmatch(r"[0-9a-f]{40}", str(results.commit_hash)):
        raise UserError(
            f"the result file {path} has the commit {results.commit_hash!r:.60}, expected 40 "
            "hexadecimal digits; move the file away"
        )


def _check_values(results: Any) -> None:
    """Read every value once, so that damage that asv's reader passes over raises here."""
    results.env_vars.get("GRADMARK_THREADS")
    for key in _keys(results):
        list(_values(results, key))


def _values(results: Any, key: str) -> Iterator[tuple[Cell, float | None, float, float, str]]:
    """Cell, value, ends of its interval and date of each combination of a benchmark."""
    params = results.get_result_params(key)
    values = results.get_result_value(key, params)
    stats = results.get_result_stats(key, params)
    measured = datetime.fromtimestamp(results.started_at[key] / 1000, UTC)
    for texts, value, stat in zip(itertools.product(*params), values, stats, strict=True):
        number = None if value is None else float(value)
        low, high = _bound(stat, "ci_99_a"), _bound(stat, "ci_99_b")
        yield Cell.parse(key, texts), number, low, high, measured.isoformat(timespec="seconds")


def load_results(
    wanted: State, environment: str | None = None, threads: str = "all"
) -> pd.DataFrame:
    """Load the cells that are valid in a state, and rows for missing ones, with `COLUMNS`.

    A value is valid if nothing that it depends on has changed, whatever commit it is filed under. A
    value that is not valid is missing, and its reason says what has changed.

    Parameters
    ----------
    wanted : State
        The files, versions and settings that values have to be valid for.
    environment : str, optional
        asv's name of the only environment to read; default: all.
    threads : str
        ``all`` or a number.

    Raises
    ------
    UserError
        If there are no valid results, or none of the files can be read.
    """
    rows = pd.concat([_read(file, wanted) for file in _files_of(environment, threads)])
    rows = rows[rows["reason"] != _NOT_RUN]
    if not (rows["state"] != "missing").any():
        raise UserError(
            f"there are no results of {wanted.title} with {threads} threads{_why(rows)}; "
            "make some: python -m scripts.run"
        )
    # The newest file comes first, so that its value is kept of a cell that was measured twice.
    rows = rows.sort_values("state", key=lambda state: state == "missing", kind="stable")
    return _with_missing(rows.drop_duplicates([*_CELL, "metric"]))


def _files_of(environment: str | None, threads: str) -> list[ResultFile]:
    """This machine's files, of one environment or all; the last written first."""
    files = [file for file in list_result_files() if file.threads == threads]
    files = [file for file in files if environment in (None, file.environment)]
    if not files:
        of = f" of the environment {environment}" if environment else ""
        raise UserError(
            f"there are no results{of} with {threads} threads; make some: python -m scripts.run"
        )
    return files


def _why(rows: pd.DataFrame) -> str:
    """Why the newest of the existing results is not valid."""
    return f" (existing results are out of date: {rows['reason'].iloc[0]})" if len(rows) else ""


def known_cells(wanted: State, threads: str) -> set[str]:
    """asv's names of the cells that are valid in a state and need not run again.

    They have a value or were skipped with a reason; what failed or was wrong runs again.
    """
    known = set()
    for file in _own_files():
        if file.threads != threads:
            continue
        outcomes = read_journal(file.commit, file.environment)
        for key in _keys(file.results):
            rows = _rows(file, key, outcomes, wanted)
            known |= {row["cell"].name for row in rows if row["state"] in ("ok", "skipped")}
    return known


def last_state(commit: str | None, environment: str | None, threads: str) -> Provenance | None:
    """State of the value that was written last, of the given or any commit and environment."""
    for file in _own_files():
        if commit in (None, file.commit) and environment in (None, file.environment):
            outcomes = read_journal(file.commit, file.environment).values()
            states = [load_state(o.state) for o in outcomes if o.state]
            if file.threads == threads and states and states[-1]:
                return states[-1]
    return None


def _read(file: ResultFile, wanted: State) -> pd.DataFrame:
    outcomes = read_journal(file.commit, file.environment)
    rows = [row for key in _keys(file.results) for row in _rows(file, key, outcomes, wanted)]
    frame = pd.DataFrame(rows, columns=COLUMNS)
    sizes = ["n_samples", "n_features"]
    return frame.astype(dict.fromkeys(sizes, "Int64"))


def _keys(results: Any) -> list[str]:
    """Keys of this suite's benchmarks; the folder may hold results of another suite."""
    return [key for key in results.get_all_result_keys() if key.count(".") == 2]


def _rows(file: ResultFile, key: str, outcomes: Outcomes, wanted: State) -> Iterator[_Row]:
    """Make a row per combination of parameters of a benchmark, ``module.problem.method``."""
    metric = metric_of(key.split(".")[-1])
    for cell, value, low, high, measured in _values(file.results, key):
        if not wanted.has(cell):
            continue
        state, reason, versions = _judge(cell, value, metric, outcomes, wanted)
        yield {
            "cell": cell,
            **dict(zip(_CELL, _place(cell), strict=True)),
            "metric": metric.name,
            "value": value if state == "ok" else math.nan,
            "low": low if state == "ok" else math.nan,
            "high": high if state == "ok" else math.nan,
            "unit": metric.unit,
            "state": state,
            "reason": reason,
            "threads": file.threads,
            "commit": file.commit[:8],
            "environment": file.environment,
            "measured": measured,
            "versions": versions,
        }


def _place(cell: Cell) -> tuple[str | int | None, ...]:
    """Values of the columns `_CELL`."""
    size = cell.size or (None, None)
    return cell.problem, cell.implementation, cell.solver, *size, cell.dataset


def _judge(
    cell: Cell, value: float | None, metric: Metric, outcomes: Outcomes, wanted: State
) -> tuple[str, str, str]:
    """State of a value, its reason, and the versions of the libraries that it depends on."""
    named = (cell.problem, *cell.params)
    outcome = outcomes.get((cell.module, *named), Outcome())
    state, reason = _state(value, metric, outcome, outcomes.get(named))
    if state == "missing":
        return state, reason, ""
    if changes := wanted.changes(cell, outcome.state):
        return "missing", _describe_changes(changes), ""
    return state, reason, wanted.versions(cell)


def _describe_changes(changes: list[str]) -> str:
    more = f" (and {len(changes) - 1} more)" if len(changes) > 1 else ""
    return f"not measured since {changes[0]}{more}"


def _bound(stat: dict[str, Any] | None, name: str) -> float:
    value = (stat or {}).get(name)
    return math.nan if value is None else float(value)


def _state(
    value: float | None, metric: Metric, outcome: Outcome, wrong: Outcome | None
) -> tuple[str, str]:
    """State of a value (None: failed, NaN: skipped or not run) and its reason."""
    if wrong and metric.name != "error":  # the cost of a wrong gradient is of no use
        return "wrong", wrong.reason
    if value is not None and not math.isnan(value):
        return "ok", ""
    if value is None:
        if outcome.word in ("wrong", "failed"):
            return outcome.word, outcome.reason
        if outcome.word == "ready":
            return "failed", "failed while it was measured; .asv/logs has the output"
        if outcome.word == "started":
            return "failed", "the process died while it was set up; .asv/logs has the output"
        # asv also writes null for a parameter that an older run did not have.
        return "missing", _NOT_RUN
    return ("skipped", outcome.reason) if outcome.word == "skipped" else ("missing", _NOT_RUN)


def _with_missing(known: pd.DataFrame) -> pd.DataFrame:
    """Add a row for every implementation and measured size that has none."""
    frames = [known]
    for (problem, metric), group in known.groupby(["problem", "metric"]):
        names = known.loc[known["problem"] == problem, ["implementation"]].drop_duplicates()
        wanted = names.merge(group[_CELL[2:]].drop_duplicates(), how="cross")
        merged = wanted.merge(group[_CELL[1:]], how="left", indicator=True)
        absent = merged.loc[merged["_merge"] == "left_only", _CELL[1:]]
        unit = group["unit"].iloc[0]
        frames.append(
            absent.assign(
                problem=problem, metric=metric, unit=unit, state="missing", reason=_NOT_RUN
            )
        )
    frame = pd.concat([f for f in frames if len(f)])[COLUMNS]
    return frame.sort_values([*_CELL, "metric"], ignore_index=True)
