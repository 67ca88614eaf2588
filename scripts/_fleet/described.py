"""What implementations said of themselves where they were measured.

They may need a library that is missing here.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from impls import TableError
from scripts._common import isolated
from scripts._common.families import family_of
from scripts._common.isolated import Description
from scripts._measured.results import journals_of
from scripts._measured.store import Store


def describe_by(
    store: Store, problem: str, names: Iterable[str]
) -> dict[str, Description | TableError]:
    """Describe each implementation by the last cell that has its options; ask the others here."""
    names = list(names)
    infos = _infos(store, problem)
    found: dict[str, Description | TableError] = {
        name: _description(infos[name]) for name in names if name in infos
    }
    return found | isolated.describe(problem, [name for name in names if name not in infos])


def _infos(store: Store, problem: str) -> dict[str, dict[str, Any]]:
    """The options of each implementation; those of the last measurement win."""
    cells = [
        cell
        for each in journals_of(store)
        for (data, _), own in each.known.cells.items()
        for cell in own
        if data.problem == problem and cell.info
    ]
    return {cell.name: cell.info for cell in sorted(cells, key=lambda cell: cell.recorded_at)}


def _description(info: dict[str, Any]) -> Description:
    return Description(
        summary="",
        passes=str(info["passes"] or "?"),
        bytes_per_value=float(info["bytes_per_value"]),
        family=family_of(info),
        rtol=float(info["rtol"]),
    )
