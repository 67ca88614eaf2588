"""What sessions have measured on this machine, as a tidy data frame."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks import _measure, _plan
from benchmarks._session import whose
from benchmarks._session.inputs import Data
from benchmarks._session.journal import OK, Cell, Known, Source
from benchmarks._session.measured import BASELINE, TWIN
from benchmarks._session.values import Value, flag_of, values_of
from impls._errors import one_line
from impls._provenance import Provenance, Subject
from scripts._common import project
from scripts._common.checked import leave_aside
from scripts._common.errors import UserError
from scripts._common.metrics import metrics
from scripts._measured.journals import open_journals, paths_of
from scripts._measured.machine import NAME_VARIABLE, machine_name
from scripts._measured.state import State, load_state
from scripts._measured.store import Store

_NOT_RUN = "not run"
SINCE = "not measured since"  # begins the reason of a value that does not hold any more
# Metrics that an edit of the baseline voids too.
_RELATIVE = frozenset({"speed_up", "time_over_baseline", "break_even"})
_CELL = ["problem", "implementation", "solver", "n_samples", "n_features", "dataset"]
COLUMNS = [
    *_CELL,
    *("metric", "value", "low", "high", "unit", "state", "reason"),
    *("threads", "commit", "environment", "measured", "generations", "rounds", "versions", "flag"),
]
_RECORDED = "recorded"  # a column while the newest values are chosen
_Row = dict[str, Any]


@dataclass(frozen=True)
class Results:
    """The journal of a commit on this machine in one environment."""

    path: Path
    source: Source
    known: Known

    @property
    def subjects(self) -> set[Subject]:
        """What was measured."""
        own = (cells[-1] for (_, name), cells in self.known.cells.items() if name != TWIN)
        return {_subject(cell) for cell in own}


def list_results() -> list[Results]:
    """This machine's journals, what was measured last first; one that cannot be read is named.

    Raises
    ------
    UserError
        If there are none, or all are another machine's.
    """
    found = own_journals()
    others = sorted({p.parent.name for p in _measure.FOLDER.glob("*/*.jsonl")} - {machine_name()})
    if not found and others:
        raise UserError(
            f"there are results of another machine only ({', '.join(others)}), this one is "
            f"{machine_name()}; make some here: python -m scripts.run, or name this machine in "
            f"{NAME_VARIABLE}"
        )
    if not found:
        raise UserError("there are no results yet; make some: python -m scripts.run")
    return found


def store_of(machine: str) -> Store:
    """What this folder holds of a machine."""
    return Store(machine, tuple(paths_of(machine)), (project.PROVENANCE,))


def own_journals() -> list[Results]:
    """This machine's journals, what was measured last first.

    One that cannot be read is named, and so is one of another machine of the same name.
    """
    found = journals_of(store_of(machine_name()))
    others = {each.path: whose.difference(each.known.facts) for each in found}
    for path in filter(others.get, others):
        _name_once(path, others[path])
    return [each for each in found if not others[each.path]]


@cache
def _name_once(path: Path, difference: str) -> None:
    leave_aside(
        f"the journal {one_line(str(path))}: {difference}; python -m scripts.report --results "
        f"compares machines, and {NAME_VARIABLE} gives this one another name"
    )


def journals_of(store: Store) -> list[Results]:
    """A machine's journals, what was measured last first; one that cannot be read is named."""
    found = open_journals(store.journals)
    return [Results(path, known.source, known) for path, known in found if known.source]


def load_results(
    wanted: State,
    environment: str | None = None,
    threads: str = "all",
    store: Store | None = None,
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
    store : Store, optional
        Another machine's results; default: this machine's.

    Raises
    ------
    UserError
        If there are no valid results.
    """
    chosen = _chosen(environment, threads, store)
    rows = [row for each in chosen for row in _rows(each, wanted)]
    frame = pd.DataFrame(rows, columns=[*COLUMNS, _RECORDED])
    if not (frame["state"] != "missing").any():
        raise UserError(
            f"there are no results of {wanted.title} with {threads} threads{_why(frame)}; "
            "make some: python -m scripts.run"
        )
    # Of a cell that was measured twice, the newest value comes first, and is kept.
    frame = frame.sort_values(_RECORDED, ascending=False, kind="stable")
    frame = frame.sort_values("state", key=lambda state: state == "missing", kind="stable")
    frame = frame.drop_duplicates([*_CELL, "metric"])[COLUMNS]
    typed = frame.astype(dict.fromkeys(["n_samples", "n_features"], "Int64"))
    return _with_missing(typed).assign(threads=threads)


def last_state(
    commit: str | None = None,
    environment: str | None = None,
    threads: str = "all",
    store: Store | None = None,
) -> Provenance | None:
    """State of the last measurement, of the commit and environment given or of any."""
    provenance = store.provenance if store else (project.PROVENANCE,)
    for each in _journals(store):
        if each.source.threads != threads:
            continue
        if commit in (None, each.source.commit) and environment in (None, each.source.environment):
            cells = [cell for own in each.known.cells.values() for cell in own]
            cells.sort(key=lambda cell: cell.recorded_at)
            states = [s for cell in cells if (s := load_state(cell.digest, provenance))]
            if states:
                return states[-1]
    return None


def thread_settings(store: Store | None = None) -> list[str]:
    """Settings of threads that a machine's journals have results of."""
    return sorted({each.source.threads for each in _journals(store)})


def facts_of(commit: str, environment: str, store: Store | None = None) -> dict[str, Any] | None:
    """The record of the facts of a run, by the columns ``commit`` and ``environment``."""
    for each in _journals(store):
        if each.source.commit.startswith(commit) and each.source.environment == environment:
            return each.known.facts
    return None


def holds_in(state: State, generations: int = 1) -> _measure.Holds:
    """Whether a cell is valid in a state, right, and of so many generations of processes.

    What was wrong, or has failed, is measured again.
    """

    def holds(cell: Cell) -> bool:
        fine = cell.state in (OK, "refused", "skipped", "unavailable")
        enough = cell.generations >= generations or cell.state != OK
        solvers = {key.partition("/")[2] for key in (*cell.costs, *cell.reasons)} | {""}
        subjects = [*(_subject(cell, solver) for solver in solvers), _baseline_of(cell)]
        changes = (state.changes(subject, cell.digest) for subject in subjects)
        return fine and enough and not any(changes)

    return holds


def is_valid_in(state: State) -> _measure.Holds:
    """Whether nothing that a cell depends on has changed, right or not."""
    return lambda cell: not state.changes(_subject(cell), cell.digest)


def known_journals(threads: str) -> list[Known]:
    """Contents of this machine's journals with so many threads, what was measured last first."""
    return [e.known for e in own_journals() if e.source.threads == threads]


def _journals(store: Store | None) -> list[Results]:
    return journals_of(store) if store else own_journals()


def _chosen(environment: str | None, threads: str, store: Store | None) -> list[Results]:
    known = journals_of(store) if store else list_results()
    found = [each for each in known if each.source.threads == threads]
    found = [each for each in found if environment in (None, each.source.environment)]
    if not found:
        of = f" of the environment {environment}" if environment else ""
        raise UserError(
            f"there are no results{of} with {threads} threads; make some: python -m scripts.run"
        )
    return found


def _why(frame: pd.DataFrame) -> str:
    """Why the newest of the existing results is not valid."""
    return f" (existing results are out of date: {frame['reason'].iloc[0]})" if len(frame) else ""


def _rows(found: Results, wanted: State) -> Iterator[_Row]:
    """Rows of the last valid cell of each contender on each set of data."""
    known = found.known
    for (data, name), cells in known.cells.items():
        if name == TWIN or data.pixels or not wanted.has(_subject(cells[-1])):
            continue
        edits = [] if _plan.is_current(data) else [f"the file of {data.problem}/{data.dataset}"]
        if edits and data.dataset not in _plan.own_contents(data.problem):
            continue
        cell = known.last(data, name, is_valid_in(wanted)) or cells[-1]
        measured = _measure.measured_with(cell, known)
        told = {"flag": flag_of(cell, measured), "rounds": len(measured.seconds(cell.name))}
        for metric, value in values_of(cell, measured).items():
            subject = _subject(cell, metric.partition("/")[2])
            if not wanted.has(subject):  # the solver's name is none
                continue
            versions = wanted.versions(subject)
            changes = [f"{file} has changed" for file in edits]
            changes += wanted.changes(subject, cell.digest)
            if metric in _RELATIVE:
                changes = changes or wanted.changes(_baseline_of(cell), cell.digest)
            if changes:
                value, versions = Value(state="missing", reason=_describe_changes(changes)), ""
            if row := _row(found.source, cell, metric, value):
                yield row | {"versions": versions, **told}


def _row(source: Source, cell: Cell, key: str, value: Value) -> _Row | None:
    """A row; None for a metric that is not known any more."""
    name, _, solver = key.partition("/")
    metric = metrics().get(name)
    if metric is None:
        return None
    return {
        **dict(zip(_CELL, _place(cell, solver), strict=True)),
        "metric": metric.name,
        "value": value.value,
        "low": value.low,
        "high": value.high,
        "unit": metric.unit,
        "state": value.state,
        "reason": value.reason,
        "threads": source.threads,
        "commit": source.commit[:8],
        "environment": source.environment,
        "measured": cell.measured_at,
        _RECORDED: cell.recorded_at,
        "generations": cell.generations,
    }


def _place(cell: Cell, solver: str) -> tuple[str | int | None, ...]:
    """Values of the columns `_CELL`."""
    size = (None, None) if cell.data.dataset else _size(cell.data)
    return cell.data.problem, cell.name, solver, *size, cell.data.dataset


def _size(data: Data) -> tuple[int, int]:
    return data.n_samples, data.n_features


def subject_of(data: Data, name: str, solver: str = "") -> Subject:
    """What the value of an implementation, on data and with a solver, depends on."""
    dataset = "" if data.stays_in_file else data.dataset
    return Subject(data.problem, name, solver, dataset, is_own=bool(data.contents))


def _subject(cell: Cell, solver: str = "") -> Subject:
    return subject_of(cell.data, cell.name, solver)


def _baseline_of(cell: Cell) -> Subject:
    return subject_of(cell.data, BASELINE)


def _describe_changes(changes: list[str]) -> str:
    more = f" (and {len(changes) - 1} more)" if len(changes) > 1 else ""
    return f"{SINCE} {changes[0]}{more}"


def _with_missing(known: pd.DataFrame) -> pd.DataFrame:
    """Add a row for every implementation and measured size that has none."""
    frames = [known]
    of_each = known[known["metric"] != "chance"]  # the baseline alone has that
    for (problem, metric), group in of_each.groupby(["problem", "metric"]):
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
