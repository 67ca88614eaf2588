"""Measure both sides now, in the same rounds: two implementations, or two trees' copies of each."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks._session import guardian, journal
from benchmarks._session.crew import Settings
from benchmarks._session.inputs import Data
from benchmarks._session.journal import Known
from benchmarks._session.measured import BASELINE, TWIN, Measured
from benchmarks._session.session import Job
from benchmarks._session.statistics import band, medians
from benchmarks._session.values import FAULTS, state_of
from scripts._common.tree import Tree
from scripts._compare.pair import Pair
from scripts._measured.measuring import measured_on, run_session

SIDES = ("A", "B")
_ENTRANCE = "entrance"
_WORKER = """
import os
import sys


def main():
    *options, _, root = sys.orig_argv[1:]
    os.execv({python!r}, [{python!r}, *options, {place!r}, root])
"""


@contextmanager
def copied(trees: Iterable[Tree]) -> Iterator[list[Path]]:
    """A folder for each side that holds the tree's `impls` alone, with paths of one length.

    Neither finds compiled code beside its files, and an edit during the session has no effect.
    """
    with TemporaryDirectory(prefix="compare-", dir=guardian.folder()) as folder:
        places = [Path(folder) / side for side in SIDES]
        for tree, place in zip(trees, places, strict=True):
            without = shutil.ignore_patterns("__pycache__")
            shutil.copytree(tree.root / "impls", place / "impls", ignore=without)
        yield places


def entrances(places: Sequence[Path], pythons: Sequence[Path | None]) -> list[Path]:
    """The folder that a session imports each side from, given the sides' interpreters.

    A session starts every process with its own interpreter. Where a side has another one, the
    folder holds a worker that goes on with that. Then both have such a folder, so that a process
    of either is started in the same way.
    """
    if not any(pythons):
        return list(places)
    for place, python in zip(places, pythons, strict=True):
        package = place / _ENTRANCE / "benchmarks" / "_session"
        package.mkdir(parents=True)
        for folder in (package.parent, package):
            (folder / "__init__.py").touch()
        source = _WORKER.format(python=str(python or sys.executable), place=str(place))
        (package / "worker.py").write_text(source, encoding="utf-8")
    return [place / _ENTRANCE for place in places]


def name_of(name: str, side: str) -> str:
    """Name of one side's contender."""
    return f"{name} of {side}"


def orders(names: Iterable[str], places: Sequence[Path]) -> dict[str, dict[str, Any]]:
    """Where a session finds each contender of both sides."""
    return {
        name_of(name, side): {"name": name, "tree": str(place)}
        for name in names
        for side, place in zip(SIDES, places, strict=True)
    }


def measure(jobs: Sequence[Job], settings: Settings, generations: int) -> Known:
    """Measure, and keep nothing on disk."""
    kept = journal.Journal(None, journal.Source("", "", ""), "")
    run_session(jobs, settings, kept, Known(), generations)
    return kept.known


def pairs(
    known: Known, jobs: Iterable[Job], sides: Mapping[str, Mapping[str, tuple[str, str]]]
) -> list[Pair]:
    """A pair for each set of data and implementation.

    Parameters
    ----------
    sides : mapping
        The contenders A and B by problem and by name of the implementation.
    """
    found = []
    for job in jobs:
        measured = measured_on(known, job.data)
        for name, both in sides[job.data.problem].items():
            found.append(_pair(measured, job.data, name, both))
    return sorted(found, key=lambda pair: (pair.problem, pair.implementation, pair.x_bytes))


def faults(known: Known) -> list[str]:
    """Contenders that were wrong, failed or are not to be believed, a line each."""
    cells = (cells[-1] for cells in known.cells.values())
    bad = {
        f"{cell.data.problem}/{cell.name}": f"{state_of(cell.state)}: {cell.reason}"
        for cell in cells
        if state_of(cell.state) in FAULTS
    }
    return [f"{name}: {text}" for name, text in bad.items()]


def _pair(measured: Measured, data: Data, name: str, both: tuple[str, str]) -> Pair:
    outs = [(side, measured.out.get(own)) for side, own in zip(SIDES, both, strict=True)]
    reasons = [f"{side}: {state_of(out.state)}: {out.reason}" for side, out in outs if out]
    ratios = () if reasons else medians(*measured.ratios_by_generation(both[1], both[0]))
    if not ratios and not reasons:
        reasons = ["no round with both"]
    return Pair(
        data.problem,
        name,
        data.title,
        measured.x_bytes,
        (tuple(ratios),) if ratios else (),
        band(measured.ratio(BASELINE, TWIN)),
        "; ".join(reasons),
        (_fraction(measured, both[0]), _fraction(measured, both[1])),
    )


def _fraction(measured: Measured, name: str) -> float:
    return measured.roof_fraction(name).value if name in measured.timed else float("nan")
