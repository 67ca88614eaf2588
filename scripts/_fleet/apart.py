"""Which results are one machine's: never merged unless they hold the same measurements.

A name says little: virtual machines are often called alike. Two folders hold results of the same
machine where the hardware agrees and one has measurements of the other, as a copy does.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from scripts._fleet import clashes
from scripts._fleet.folders import Folder
from scripts._fleet.found import Found
from scripts._fleet.journals import Journal, read_journals


def find_machines(folders: Iterable[Folder]) -> tuple[list[Found], list[str]]:
    """The machines of these folders, and notes on what several of them hold.

    Of what two folders hold, that of the first is taken.
    """
    parts = [
        part for folder in folders for name in folder.machines for part in _parts(folder, name)
    ]
    found: list[Found] = []
    notes: list[str] = []
    for part in parts:
        same = next((i for i, each in enumerate(found) if _is_same(each, part)), None)
        if same is None:
            found.append(part)
        else:
            notes.append(clashes.on_copies(found[same], part))
            found[same] = _joined(found[same], part)
    return _labelled(found), [*notes, *clashes.on_names(found)]


def _parts(folder: Folder, name: str) -> list[Found]:
    """A name's journals in a folder, apart by hardware."""
    groups: list[list[Journal]] = []
    for each in read_journals(folder, name):
        own = (group for group in groups if not group[0].hardware.differs(each.hardware))
        group = next(own, None)
        if group is None:
            groups.append([each])
        else:
            group.append(each)
    return [Found(name, name, folder.label, tuple(own), folder.provenance) for own in groups]


def _is_same(a: Found, b: Found) -> bool:
    return not a.hardware.differs(b.hardware) and not a.marks.isdisjoint(b.marks)


def _joined(a: Found, b: Found) -> Found:
    """Both, without the journals of `b` that hold nothing more."""
    more = [each for each in b.journals if not each.marks <= a.marks]
    both = sorted([*a.journals, *more], key=lambda each: each.measured, reverse=True)
    provenance = dict.fromkeys([*a.provenance, *b.provenance])
    return replace(a, journals=tuple(both), provenance=tuple(provenance))


def _labelled(found: Sequence[Found]) -> list[Found]:
    """The machines with labels that differ."""
    names = [each.name for each in found]
    taken: set[str] = {name for name in names if names.count(name) == 1}
    labelled = []
    for each in found:
        label = each.name
        if names.count(each.name) > 1:
            label = _free(f"{each.name} ({each.place}", taken)
            taken.add(label)
        labelled.append(replace(each, label=label))
    return labelled


def _free(start: str, taken: set[str]) -> str:
    """The first of ``start)``, ``start, 2)`` and so on that is not taken."""
    numbers = ("", *(f", {i}" for i in range(2, len(taken) + 3)))
    return next(text for i in numbers if (text := f"{start}{i})") not in taken)
