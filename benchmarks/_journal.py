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


class WrongResult(Exception):
    """The implementation's gradient is not the reference's: it is not to be timed."""


@contextmanager
def outcome_of(*cell: str | int) -> Iterator[None]:
    """Record how a set-up ends: of (module, problem, implementation, sizes or data set)."""
    _write(cell, "started", "")
    try:
        yield
    except NotImplementedError as reason:
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
