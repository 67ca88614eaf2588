"""A journal of how each cell ended and why, which asv's result files do not hold.

A process appends two lines, its start and its outcome, to a file per commit and environment. A
start without an outcome means that the process died.
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
    """The cell is not measured, for this reason; asv skips a cell on NotImplementedError."""


class WrongResult(Exception):
    """The gradient differs from the reference, so it is not timed."""


@contextmanager
def never_skipped() -> Iterator[None]:
    """Turn foreign code's NotImplementedError into a failure: asv would skip the cell."""
    try:
        yield
    except Skipped:
        raise
    except NotImplementedError as error:
        raise RuntimeError(f"it raises NotImplementedError: {error}") from error


@contextmanager
def outcome_of(*cell: str | int) -> Iterator[None]:
    """Record how a cell's set-up ends: (module, problem, implementation, sizes or data set)."""
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
    if not (commit and environment):  # not run by asv: there is no result file to go with
        return
    FOLDER.mkdir(parents=True, exist_ok=True)
    record = {"cell": cell, "outcome": outcome, "reason": reason, "state": _provenance.record()}
    # A single short write in append mode, so that lines of several processes do not mix.
    with (FOLDER / journal_name(commit, environment)).open("a", encoding="utf-8") as journal:
        journal.write(json.dumps(record) + "\n")
