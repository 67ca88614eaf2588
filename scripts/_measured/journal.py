"""Read the suite's journal: how each cell ended, why, and in which state it was measured."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from impls._errors import one_line
from impls._provenance import Provenance, journal_name
from scripts._common import project

FOLDER = project.STATE / "journal"
Place = tuple[Any, ...]


@dataclass(frozen=True)
class Outcome:
    """How a set-up ended: a word, the reason, and the digest of the state."""

    word: str = ""
    reason: str = ""
    state: str = ""


def path_of(commit: str, environment: str) -> Path:
    """Path of the journal of a commit in one of asv's environments."""
    return FOLDER / journal_name(commit, environment)


def read_journal(commit: str, environment: str) -> dict[Place, Outcome]:
    """Last outcome by (module, problem, implementation, solver, sizes or data set).

    A cell whose gradient some module found wrong is also there without the module.
    """
    outcomes = dict(_lines(path_of(commit, environment)))
    wrong = {cell[1:]: outcome for cell, outcome in outcomes.items() if outcome.word == "wrong"}
    return outcomes | wrong


class OutcomeCounter:
    """Count the set-ups that have ended since this object was made."""

    def __init__(self, commit: str, environment: str) -> None:
        self._path = path_of(commit, environment)
        self._offset = self._path.stat().st_size if self._path.exists() else 0
        self._n_ended = 0

    def count(self) -> int:
        """How many have ended so far; reads what has been written since the last call."""
        if self._path.exists() and self._path.stat().st_size > self._offset:
            with self._path.open("rb") as file:
                file.seek(self._offset)
                new = file.read()
            whole = new[: new.rfind(b"\n") + 1]
            self._offset += len(whole)
            self._n_ended += sum(o.word != "started" for _, o in _parse(whole.decode()))
        return self._n_ended


@cache
def load_state(digest: str) -> Provenance | None:
    """Load the state with this digest; None if it is not known."""
    try:
        record = json.loads((project.PROVENANCE / f"{digest}.json").read_bytes())
        found = Provenance.read(record)
    except (OSError, ValueError):
        return None
    return found if found.digest == digest else None


def _lines(path: Path) -> Iterator[tuple[Place, Outcome]]:
    if path.exists():
        yield from _parse(path.read_text(encoding="utf-8", errors="replace"))


def _parse(text: str) -> Iterator[tuple[Place, Outcome]]:
    """Cell and outcome of each line; skips lines that a kill cut off or that look different."""
    for line in text.split("\n"):
        try:
            record = json.loads(line)
            cell = tuple(record["cell"])
            words = [record[name] for name in ("outcome", "reason", "state")]
        except (ValueError, KeyError, TypeError, RecursionError):
            continue
        if all(isinstance(part, (str, int)) for part in (*cell, *words)):
            yield cell, Outcome(*(one_line(str(word)) for word in words))
