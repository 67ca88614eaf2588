"""The suite's session: measure what is missing for a commit in an environment, and read it.

`scripts.run` measures with the same functions, so that plain asv finds what that has measured and
the other way round.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import impls
from benchmarks import _plan, _provenance
from benchmarks._session import journal, session, whose
from benchmarks._session.crew import Settings
from benchmarks._session.inputs import Data
from benchmarks._session.journal import Cell, Known, Source
from benchmarks._session.measured import BASELINE, Measured
from benchmarks._session.session import Job
from benchmarks._session.values import Value, values_of
from impls import _machine
from impls._provenance import journal_name

FOLDER = Path(__file__).resolve().parent.parent / ".asv" / "session"
Holds = Callable[[Cell], bool]
Key = tuple[str, ...]  # problem, data, implementation, metric


def path_of(source: Source, machine: str) -> Path:
    """Path of the journal of a commit in one of asv's environments on a machine."""
    return FOLDER / machine / journal_name(source.commit, source.environment)


def settings_of(preset: _plan.Preset, threads: str) -> Settings:
    """A session's settings; `threads` is ``all`` or a number."""
    n_threads = _machine.count_threads() if threads == "all" else int(threads)
    return Settings(
        "",
        (),
        n_threads,
        preset.rounds,
        warm_seconds=preset.warm_seconds,
        sample_seconds=preset.sample_seconds,
    )


def missing(jobs: Iterable[Job], journals: Sequence[Known], holds: Holds) -> list[Job]:
    """The jobs with the names that have no cell for which `holds` is true."""

    def is_known(job: Job, name: str) -> bool:
        return any(known.last(job.data, name, holds) for known in journals)

    left = (replace(j, names=tuple(n for n in j.names if not is_known(j, n))) for j in jobs)
    return [job for job in left if job.names]


def values() -> dict[Key, Value]:
    """All values of this commit and environment by (problem, data, implementation, metric).

    asv's variables name the commit and the environment. What its journal lacks is measured first.
    """
    preset = _plan.current_preset()
    names = {"ASV_COMMIT": "0" * 40, "ASV_ENV_NAME": "none", "GRADMARK_THREADS": "all"}
    source = Source(*(os.environ.get(name, default) for name, default in names.items()))
    path = path_of(source, os.environ.get("GRADMARK_MACHINE") or platform.node())
    digest = _provenance.record()
    known = journal.read(path)
    if why := whose.difference(known.facts):
        raise RuntimeError(f"the journal {path} cannot be continued ({why}); move it away")

    def holds(cell: Cell) -> bool:
        return cell.digest == digest and cell.generations >= preset.generations

    jobs = [
        job
        for problem in _plan.problems()
        if problem in impls.problems()  # the commit's, which may have fewer
        for job in _plan.jobs(preset, problem, _plan.implementations(problem))
    ]
    if wanted := missing(jobs, [known], holds):
        settings = settings_of(preset, source.threads)
        kept = journal.Journal(path, source, digest)
        split = session.run(wanted, settings, kept, known, preset.generations)
        print(*_plan.left_aside(_plan.problems()), split.text, *split.told, sep="\n")
        known = journal.read(path)
    return dict(_read(jobs, known, holds))


def _read(jobs: Iterable[Job], known: Known, holds: Holds) -> Iterable[tuple[Key, Value]]:
    for job in jobs:
        for name in job.names:
            if cell := known.last(job.data, name, holds):
                yield from keyed_values(cell, known)


def keyed_values(cell: Cell, known: Known) -> Iterable[tuple[Key, Value]]:
    """Values of a cell by (problem, data, implementation, metric)."""
    for metric, value in read_values(cell, known).items():
        yield (cell.data.problem, _title(cell.data), cell.name, metric), value


def read_values(cell: Cell, known: Known) -> dict[str, Value]:
    """Values of a cell, with the baseline of its own measurement."""
    return values_of(cell, measured_with(cell, known))


def measured_with(cell: Cell, known: Known) -> Measured:
    """A cell and the baseline of its own measurement."""
    base = known.last(cell.data, BASELINE, lambda other: other.measurement == cell.measurement)
    return known.measured([cell, *([base] if base else [])])


def _title(data: Data) -> str:
    return data.dataset or f"{data.n_samples} x {data.n_features}"
