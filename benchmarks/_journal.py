"""What became of each cell and why: asv's result files know neither reasons nor wrong results.

A process appends two lines, its start and its outcome, to a file per commit and environment. A
start without an outcome is a process that died.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks import _provenance
from impls._provenance import journal_name

FOLDER = Path(__file__).resolve().parent.parent / ".asv" / "journal"


class Skipped(NotImplementedError):
    """The cell is not to be measured, for this reason; asv skips what raises its parent class."""


class WrongResult(Exception):
    """The implementation's gradient is not the reference's: it is not to be timed."""


@contextmanager
def never_skipped() -> Iterator[None]:
    """A NotImplementedError of foreign code is a failure, where asv would take it for a skip."""
    try:
        yield
    except Skipped:
        raise
    except NotImplementedError as error:
        raise RuntimeError(f"it raises NotImplementedError: {error}") from error


@contextmanager
def outcome_of(*cell: str | int) -> Iterator[None]:
    """Record how a set-up ends: of (module, problem, implementation, sizes or data set)."""
    _write(cell, "started", "")
    try:
        with never_skipped():
            yield
    except Skipped as reason:
        _write(cell, "skipped", str(reason))
        raise
    except WrongResult as reason:
        _write(cell, "wrong", str(reason))
        raise
    except Exception as error:
        _write(cell, "failed", f"{type(error).__name__}: {error}")
        raise
    _write(cell, "ready", "")


def _write(cell: tuple[str | int, ...], outcome: str, reason: str) -> None:
    commit, environment = os.environ.get("ASV_COMMIT"), os.environ.get("ASV_ENV_NAME")
    if not (commit and environment):  # run by hand: nothing to relate it to
        return
    FOLDER.mkdir(parents=True, exist_ok=True)
    record = {"cell": cell, "outcome": outcome, "reason": reason, "state": _provenance.record()}
    # One short write in append mode: lines of several processes do not mix.
    with (FOLDER / journal_name(commit, environment)).open("a", encoding="utf-8") as journal:
        journal.write(json.dumps(record) + "\n")
