"""Measure jobs in the working tree, and file what is found with the journal and with asv."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from tqdm import tqdm

from benchmarks import _plan
from benchmarks._measure import keyed_values, missing
from benchmarks._session import journal, session, whose
from benchmarks._session.crew import Settings
from benchmarks._session.inputs import Data
from benchmarks._session.journal import Known
from benchmarks._session.measured import Measured
from benchmarks._session.session import Job
from benchmarks._session.values import Value
from impls import _provenance
from impls._errors import one_line
from scripts._common import project
from scripts._common.cli import BAR
from scripts._common.errors import UserError
from scripts._common.facts import collect_facts
from scripts._common.tree import working_tree
from scripts._measured import driver
from scripts._measured.journals import read_journal
from scripts._measured.results import holds_in, is_valid_in, known_journals
from scripts._measured.state import State, plugins, state_of


@dataclass(frozen=True)
class Order:
    """What to measure, and how.

    Attributes
    ----------
    settings : Settings
        For every problem.
    generations : int
        Of processes.
    threads : str
        ``all`` or a number.
    again : bool
        Also measure what is known.
    is_kept : bool
        Keep the results.
    """

    jobs: tuple[Job, ...]
    settings: Settings
    generations: int
    threads: str
    again: bool = False
    is_kept: bool = True


@dataclass(frozen=True)
class Outcome:
    """What was missing and has been measured.

    Attributes
    ----------
    measured : list of Job
        Those that something was missing of, with what was.
    written : Known
        What the session has found.
    """

    measured: list[Job]
    written: Known


def measure(order: Order) -> Outcome:
    """Measure what is missing, and file it; the caller lets no other run be under way."""
    tree = working_tree()
    now = state_of(tree)
    as_asv = driver.Session(tree.name, order.threads, plugins(), now.setup)
    journals = known_journals(order.threads) if order.is_kept and not order.again else []
    wanted = missing(order.jobs, journals, holds_in(now, order.generations))
    path = as_asv.journal_path if order.is_kept else None
    kept = journal.Journal(path, as_asv.source, now.provenance.digest)
    begun = _begun(as_asv.journal_path, order)
    if order.is_kept:
        driver.check_filed(as_asv)
    if wanted:
        if order.is_kept:
            _provenance.save(now.provenance, project.PROVENANCE)
            kept.add_facts(asdict(collect_facts(order.threads, tree.title)))
        split = run_session(wanted, order.settings, kept, begun, order.generations)
        print(split.text, file=sys.stderr)
        if order.is_kept:  # again: the folder may have been moved meanwhile
            _provenance.save(now.provenance, project.PROVENANCE)
    if order.is_kept:
        driver.file_results(as_asv, _values(now, order.threads))
    return Outcome(wanted, kept.known)


def _begun(path: Path, order: Order) -> Known:
    """What the journal holds of measurements that can go on.

    Raises
    ------
    UserError
        If nothing could be read of what would be written there.
    """
    found = read_journal(path)
    if order.is_kept and (why := found.fault or whose.difference(found.known.facts)):
        raise UserError(
            f"nothing can be kept: the journal {one_line(str(path))} cannot be "
            f"{'read' if found.fault else 'continued'} ({why}); move it away"
        )
    goes_on = order.is_kept and not (order.again or found.fault)
    return found.known if goes_on else Known()


def run_session(
    jobs: Iterable[Job],
    settings: Settings,
    kept: journal.Journal,
    begun: Known,
    generations: int,
) -> session.Split:
    """Run a session, with a bar of the time that is left."""
    own = list(jobs)
    seconds = generations * sum(session.expected_seconds(job, settings) for job in own)
    # disable=None: no bar unless stderr is a terminal.
    with tqdm(total=seconds, disable=None, leave=False, bar_format=BAR) as bar:
        split = session.run(own, settings, kept, begun, generations, bar.update)
    for told in split.told:
        print(told, file=sys.stderr)
    return split


def measured_on(known: Known, data: Data) -> Measured:
    """Everything that a session has found on one set of data."""
    return known.measured(own[-1] for (other, _), own in known.cells.items() if other == data)


def _values(now: State, threads: str) -> dict[tuple[str, ...], Value]:
    """All values that are valid, by asv's keys; the newest win."""
    holds = is_valid_in(now)
    found = [
        (cell, known)
        for known in known_journals(threads)
        for data, name in known.cells
        if _plan.is_current(data) and (cell := known.last(data, name, holds))
    ]
    found.sort(key=lambda each: each[0].recorded_at)
    return dict(pair for each in found for pair in keyed_values(*each))
