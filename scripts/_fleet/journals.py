"""Journals with what tells whose they are: hardware, and marks of what was measured."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks._session.journal import Known
from impls._provenance import Provenance
from scripts._common.facts import parse_facts
from scripts._common.records import Facts
from scripts._fleet.folders import Folder
from scripts._fleet.hardware import Hardware, hardware_of
from scripts._measured.results import journals_of
from scripts._measured.state import load_state
from scripts._measured.store import Store

Mark = tuple[Any, ...]


@dataclass(frozen=True)
class Journal:
    """A journal of a machine.

    Attributes
    ----------
    marks : frozenset
        Of its measurements: id, data and first round, which no two measurements share.
    measured : str
        When the last cell was measured.
    """

    path: Path
    hardware: Hardware
    marks: frozenset[Mark]
    measured: str


def read_journals(folder: Folder, name: str) -> list[Journal]:
    """A machine's journals in a folder, those that were measured last first."""
    store = Store(name, folder.machines[name], folder.provenance)
    return [_read(each.path, each.known, folder.provenance) for each in journals_of(store)]


def read_facts_of(record: Any) -> Facts | None:
    """Facts of a JSON record; None if there is none, or it is damaged."""
    try:
        facts = parse_facts(record)
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError):
        return None
    return facts if math.isfinite(facts.load) else None


def _read(path: Path, known: Known, provenance: tuple[Path, ...]) -> Journal:
    cells = [cell for own in known.cells.values() for cell in own]
    last = max(cells, key=lambda cell: cell.recorded_at, default=None)
    state: Provenance | None = load_state(last.digest, provenance) if last else None
    hardware = hardware_of(read_facts_of(known.facts), state)
    return Journal(path, hardware, frozenset(_marks(known)), last.measured_at if last else "")


def _marks(known: Known) -> Iterator[Mark]:
    for (measurement, data), rounds in known.rounds.items():
        yield measurement, data, tuple(sorted(rounds[0].seconds.items()))
