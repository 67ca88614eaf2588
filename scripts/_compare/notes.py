"""Notes on two sides that were measured apart: what may differ besides what is compared."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks._session.inputs import Data
from impls._provenance import Subject
from scripts._compare.stored import Cells
from scripts._measured.state import State, load_state

MACHINES = (
    "Two machines are compared by the ratio of each time to the baseline's on the same machine, "
    "and by the fraction of its own read roof (compare.md of --out)."
)
_SESSION = "benchmarks/_session/"
_MOST_NAMES = 5


def of_settings(a: Cells, b: Cells, environments: tuple[str, str]) -> tuple[str, ...]:
    """Notes where libraries, settings or the session may differ."""
    notes = []
    if environments[0] != environments[1]:
        notes.append(
            "A and B were measured in different environments, so that libraries or settings may "
            f"differ: {environments[0]} and {environments[1]}."
        )
    known = {files for files in map(_session_files, (a, b)) if files}
    if len(known) > 1:
        notes.append("A and B were measured by different versions of the session.")
    return tuple(notes)


def of_kernels(a: Cells, b: Cells, now: State) -> tuple[str, ...]:
    """Notes on the cells of both sides that ran different code of `impls`.

    Parameters
    ----------
    now : State
        Of the tree whose imports say what a cell depends on.
    """
    both = sorted(a.keys() & b.keys(), key=lambda place: (place[0].problem, place[1]))
    digests = {a[place].cell.digest for place in both}
    states = {d: now.as_measured(then, "") for d in digests if (then := load_state(d))}
    differs = {place: _differs(place, a, b, states) for place in both}
    different = [place for place, found in differs.items() if found]
    n_unknown = sum(found is None for found in differs.values())
    notes = []
    if different:
        notes.append(
            f"A and B ran different code in {len(different)} of the {len(both)} cells that both "
            f"have: {_names(different)}."
        )
    if n_unknown:
        notes.append(
            f"Whether A and B ran the same code is not known of {n_unknown} of the {len(both)} "
            "cells that both have: a record of the files is missing in .asv/provenance, or the "
            "implementation here."
        )
    return tuple(notes)


def _differs(place: tuple[Data, str], a: Cells, b: Cells, states: dict[str, State]) -> bool | None:
    """Whether a file of `impls` that a cell depends on differs; None if that is not known."""
    data, name = place
    then, other = a[place].cell.digest, b[place].cell.digest
    if then == other:
        return False
    subject = Subject(data.problem, name, "", data.dataset)
    if then not in states or not load_state(other) or not states[then].has(subject):
        return None
    return any(text.startswith("impls/") for text in states[then].changes(subject, other))


def _names(places: Sequence[tuple[Data, str]]) -> str:
    names = list(dict.fromkeys(f"{data.problem}/{name}" for data, name in places))
    more = f" and {len(names) - _MOST_NAMES} more" if len(names) > _MOST_NAMES else ""
    return f"{', '.join(names[:_MOST_NAMES])}{more}"


def _session_files(cells: Cells) -> frozenset[tuple[str, str]]:
    """Hashes of the session's files in the states of all cells; empty if none is known."""
    states = filter(None, map(load_state, {each.cell.digest for each in cells.values()}))
    files = (item for state in states for item in state.files.items())
    return frozenset(item for item in files if item[0].startswith(_SESSION))
