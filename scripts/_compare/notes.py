"""Notes on two sides that were measured apart: what differs besides what is compared."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from benchmarks._session.inputs import Data
from scripts._compare.stored import Cells, Stored
from scripts._measured.results import subject_of
from scripts._measured.state import State, load_state

MACHINES = (
    "Two machines are compared by the ratio of each time to the baseline's on the same machine, "
    "and by the fraction of its own read roof (compare.md of --out)."
)
_MOST_NAMES = 5
Place = tuple[Data, str]


def on_environments(a: str, b: str) -> tuple[str, ...]:
    """A note if asv's names of the environments differ."""
    if a == b:
        return ()
    return (
        "A and B were measured in different environments, so that libraries or settings may "
        f"differ: {a} and {b}.",
    )


def on_files(a: Cells, b: Cells, now: State, of_kernels: bool) -> tuple[str, ...]:
    """Notes on the cells that the two sides measured with other files.

    Parameters
    ----------
    now : State
        Of the tree whose imports say which files a cell depends on.
    of_kernels : bool
        Tell it of the implementations too; commits are compared because these differ.
    """
    both = sorted(a.keys() & b.keys(), key=lambda place: (place[0].problem, place[1]))
    changed = {place: _changed_files(place, a[place], b[place], now) for place in both}
    known = {place: files for place, files in changed.items() if files is not None}
    notes = []
    if other := _with_files(known, "benchmarks/"):
        notes.append(f"A and B were measured by different versions of the session: {_told(other)}.")
    if of_kernels and (other := _with_files(known, "impls/")):
        notes.append(f"A and B ran different code: {_told(other)}.")
    if of_kernels and (unknown := [place for place in both if place not in known]):
        notes.append(
            f"Whether A and B ran the same code is not known of {_told(unknown)}: "
            ".asv/provenance has no record of the files, or the implementation is not here."
        )
    return tuple(notes)


def _changed_files(place: Place, a: Stored, b: Stored, now: State) -> list[str] | None:
    """What differs of the files that a cell depends on; None if that is not known."""
    data, name = place
    if a.cell.digest == b.cell.digest:
        return []
    subject = subject_of(data, name)
    then = load_state(a.cell.digest)
    if then is None or load_state(b.cell.digest) is None or not now.has(subject):
        return None
    return now.as_measured(then, "").changes(subject, b.cell.digest)


def _with_files(known: Mapping[Place, list[str]], folder: str) -> list[Place]:
    """Cells of which a file below a folder differs."""
    return [p for p, files in known.items() if any(file.startswith(folder) for file in files)]


def _told(places: Iterable[Place]) -> str:
    """Names of implementations, each with its number of cells."""
    counts: dict[str, int] = {}
    for data, name in places:
        title = f"{data.problem}/{name}"
        counts[title] = counts.get(title, 0) + 1
    told = [f"{title} ({n} cell{'s' * (n > 1)})" for title, n in counts.items()]
    more = f" and {len(told) - _MOST_NAMES} more implementations" if told[_MOST_NAMES:] else ""
    return ", ".join(told[:_MOST_NAMES]) + more
