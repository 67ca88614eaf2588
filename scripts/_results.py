"""asv's results as a tidy data frame: the one module that knows asv's files.

asv promises no stability for them: it is pinned, and a recorded result file is test data.
"""

from __future__ import annotations

import ast
import itertools
import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
from asv.results import Results, get_filename

from scripts._asv_machine import NAME_VARIABLE, machine_name
from scripts._errors import UserError
from scripts._metrics import METRICS, Metric
from scripts._project import STATE, changed_files

FOLDER = STATE / "results"
JOURNAL = STATE / "journal"
_CELL = ["problem", "implementation", "solver", "n_samples", "n_features", "dataset"]
COLUMNS = [
    *_CELL,
    *("metric", "value", "low", "high", "unit", "state", "reason"),
    *("threads", "commit", "environment", "measured"),
]


@dataclass(frozen=True)
class ResultFile:
    """One of asv's result files: a commit on this machine in one environment."""

    path: Path
    commit: str
    environment: str
    results: Any

    @property
    def threads(self) -> str:
        """Threads that its cells may use: ``all`` or a number."""
        return str(self.results.env_vars.get("GRADMARK_THREADS", "all"))


def result_path(commit: str, environment: str) -> Path:
    """Where asv puts the results of a commit in an environment."""
    return FOLDER / str(get_filename(machine_name(), commit, environment))


def list_files() -> list[ResultFile]:
    """This machine's result files, the last written first.

    Raises
    ------
    UserError
        If there are none, only another machine's, or one is damaged.
    """
    files = _own_files()
    others = sorted({path.parent.name for path in _paths("*")} - {machine_name()})
    if not files and others:
        raise UserError(
            f"there are results of another machine only ({', '.join(others)}), this one is "
            f"{machine_name()}; make some here: python -m scripts.run, or say which one this is, "
            f"in {NAME_VARIABLE}"
        )
    if not files:
        raise UserError("there are no results yet; make some: python -m scripts.run")
    return files


def _paths(machine: str) -> list[Path]:
    paths = [path for path in FOLDER.glob(f"{machine}/*.json") if path.name != "machine.json"]
    return sorted(paths, key=lambda path: path.stat().st_mtime, reverse=True)


def _own_files() -> list[ResultFile]:
    return [load_file(path) for path in _paths(machine_name())]


def load_file(path: Path) -> ResultFile:
    """Read one result file.

    Raises
    ------
    UserError
        If it is damaged; nothing is changed.
    """
    try:
        results = Results.load(str(path))
    # A damaged file fails in asv's reader wherever the damage is.
    except Exception as error:
        raise UserError(
            f"the result file {path} is damaged ({type(error).__name__}: {error}); python -m "
            "scripts.run puts the last complete copy back, or move the file away and run again"
        ) from error
    return ResultFile(path, results.commit_hash, results.env_name, results)


def load(commit: str, environment: str | None = None, threads: str = "all") -> pd.DataFrame:
    """Every measured cell that holds for a commit, in `COLUMNS`, and the missing ones.

    A cell measured at another commit holds for this one if nothing it depends on has changed
    since: neither the suite, nor what implementations share, nor its own file.

    Parameters
    ----------
    commit : str
        Full hash.
    environment : str, optional
        asv's name of the environment; default: of the file written last that holds any cell.
    threads : str
        ``all`` or a number.

    Raises
    ------
    UserError
        If there are no results that hold, or one file is damaged.
    """
    files = [file for file in list_files() if file.threads == threads]
    frames = []
    for file in files:
        changed = changed_implementations(file.commit, commit)
        if changed is None or environment not in (None, file.environment):
            continue
        frame = _read(file)
        environment = file.environment
        frames.append(frame[~(frame["problem"] + "/" + frame["implementation"]).isin(changed)])
    if not frames:
        raise UserError(
            f"there are no results of commit {commit[:8]} with {threads} threads; "
            "make some: python -m scripts.run"
        )
    # The newest file comes first: of a cell measured twice, its value stands.
    known = pd.concat(frames)
    known = known[known["state"] != "missing"].drop_duplicates([*_CELL, "metric"])
    return _with_missing(known)


def known_cells(commit: str, environment: str, threads: str) -> set[str]:
    """Names, as asv writes them, of cells that hold for a commit and need not be run again.

    Those with a value or a reason to be skipped; what failed or was wrong is run again.
    """
    known = set()
    for file in _own_files():
        changed = changed_implementations(file.commit, commit)
        if changed is None or (file.environment, file.threads) != (environment, threads):
            continue
        outcomes = read_journal(file.commit, file.environment)
        for key in file.results.get_all_result_keys():
            rows = zip(_combinations(file, key), _rows(file, key, outcomes), strict=True)
            known |= {
                f"{key}({', '.join(combination)})"
                for combination, row in rows
                if row["state"] in ("ok", "skipped")
                and f"{row['problem']}/{row['implementation']}" not in changed
            }
    return known


def count_outcomes(commit: str, environment: str) -> int:
    """Set-ups that have ended so far: how far a run has come."""
    path = JOURNAL / f"{commit[:8]}-{environment}.jsonl"
    text = path.read_text() if path.exists() else ""
    return text.count("\n") - text.count('"outcome": "started"')


def changed_implementations(old: str, new: str) -> set[str] | None:
    """``problem/name`` of the implementations that differ; None if anything else does."""
    if old == new:
        return set()
    paths = changed_files(old, new)
    if paths is None:
        return None
    parts = [Path(path).parts for path in paths]
    if any(len(p) != 3 or p[0] != "impls" or p[2].startswith("_") for p in parts):
        return None
    return {f"{p[1]}/{Path(p[2]).stem}" for p in parts}


def holds_any(commit: str) -> bool:
    """Whether any measured cell holds for a commit."""
    return any(changed_implementations(file.commit, commit) is not None for file in list_files())


def measured_commits() -> list[str]:
    """Commits with results on this machine, the last written first."""
    return list(dict.fromkeys(file.commit for file in list_files()))


def _read(file: ResultFile) -> pd.DataFrame:
    outcomes = read_journal(file.commit, file.environment)
    rows = [row for key in file.results.get_all_result_keys() for row in _rows(file, key, outcomes)]
    frame = pd.DataFrame(rows, columns=COLUMNS)
    sizes = ["n_samples", "n_features"]
    return frame.astype(dict.fromkeys(sizes, "Int64"))


def _rows(file: ResultFile, key: str, outcomes: dict[Any, Any]) -> Iterator[dict[str, Any]]:
    module, problem, method = key.split(".")
    metric = METRICS[method]
    params = file.results.get_result_params(key)
    values = file.results.get_result_value(key, params)
    stats = file.results.get_result_stats(key, params)
    measured = datetime.fromtimestamp(file.results.started_at[key] / 1000, UTC)
    combinations = _combinations(file, key)
    for combination, value, stat in zip(combinations, values, stats, strict=True):
        cell = _cell(problem, combination)
        state, reason = _state(value, module, metric, cell, outcomes)
        yield {
            **dict(zip(_CELL, cell, strict=True)),
            "metric": metric.name,
            "value": value if state == "ok" else math.nan,
            "low": _bound(stat, "ci_99_a") if state == "ok" else math.nan,
            "high": _bound(stat, "ci_99_b") if state == "ok" else math.nan,
            "unit": metric.unit,
            "state": state,
            "reason": reason,
            "threads": file.threads,
            "commit": file.commit[:8],
            "environment": file.environment,
            "measured": measured.isoformat(timespec="seconds"),
        }


def _combinations(file: ResultFile, key: str) -> list[tuple[str, ...]]:
    return list(itertools.product(*file.results.get_result_params(key)))


def problem_of(title: str) -> str:
    """Name of the problem that a class of the suite is made for: ``SigmoidNet`` is sigmoid_net."""
    return "".join("_" * (i > 0) + c.lower() if c.isupper() else c for i, c in enumerate(title))


def _cell(title: str, params: tuple[str, ...]) -> tuple[str | int | None, ...]:
    """Values of `_CELL`; asv writes parameters as Python's repr.

    An implementation, perhaps a solver, then two sizes or the name of a data set.
    """
    values = [ast.literal_eval(text) for text in params]
    on_grid = isinstance(values[-1], int)
    implementation, *solver = values[: -2 if on_grid else -1]
    data = (values[-2], values[-1], "") if on_grid else (None, None, values[-1])
    return problem_of(title), implementation, *(solver or [""]), *data


def _bound(stat: dict[str, Any] | None, name: str) -> float:
    value = (stat or {}).get(name)
    return math.nan if value is None else float(value)


def _state(
    value: float | None, module: str, metric: Metric, cell: Any, outcomes: Any
) -> tuple[str, str]:
    """State of a value (None: failed, NaN: skipped or not run) and its reason."""
    named = tuple(part for part in cell if part not in (None, ""))
    outcome, reason = outcomes.get((module, *named), ("", ""))
    if named in outcomes and metric.name != "error":  # what a wrong gradient costs means nothing
        return "wrong", str(outcomes[named][1])
    if value is not None and not math.isnan(value):
        return "ok", ""
    if value is None:
        if outcome in ("wrong", "failed"):
            return outcome, reason
        if outcome == "ready":
            return "failed", "failed while it was measured; .asv/logs has the output"
        if outcome == "started":
            return "failed", "the process died while it was set up; .asv/logs has the output"
        # asv writes null too for a parameter that an older run did not have.
        return "missing", "not run"
    return ("skipped", reason) if outcome == "skipped" else ("missing", "not run")


def read_journal(commit: str, environment: str) -> dict[tuple[Any, ...], tuple[str, str]]:
    """Last outcome and reason of each (module, problem, implementation, sizes or data set).

    Without the module, the cells whose gradient some module found wrong.
    """
    path = JOURNAL / f"{commit[:8]}-{environment}.jsonl"
    outcomes: dict[tuple[Any, ...], tuple[str, str]] = {}
    for line in path.read_text().splitlines() if path.exists() else ():
        try:
            record = json.loads(line)
        except ValueError:  # cut off by a kill
            continue
        outcomes[tuple(record["cell"])] = (record["outcome"], record["reason"])
    wrong = {cell[1:]: outcome for cell, outcome in outcomes.items() if outcome[0] == "wrong"}
    return outcomes | wrong


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
                problem=problem, metric=metric, unit=unit, state="missing", reason="not run"
            )
        )
    frame = pd.concat([f for f in frames if len(f)])[COLUMNS]
    return frame.sort_values([*_CELL, "metric"], ignore_index=True)
