"""Which results are one machine's: never merged unless they hold the same measurements.

A name says little: virtual machines are often called alike. Two folders hold results of the same
machine where the hardware agrees and one has measurements of the other, as a copy does.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path

from scripts._common import units
from scripts._fleet.folders import Folder
from scripts._fleet.hardware import Hardware
from scripts._fleet.journals import Journal, Mark, read_journals
from scripts._measured.store import Store


@dataclass(frozen=True)
class Found:
    """One machine.

    Attributes
    ----------
    label : str
        Its name, with the folder where several machines have that name.
    place : str
        Label of the folder that it is in.
    journals : tuple of Journal
        Those that were measured last first; at least one.
    provenance : tuple of Path
        Folders with states of its measurements.
    """

    name: str
    label: str
    place: str
    journals: tuple[Journal, ...]
    provenance: tuple[Path, ...]

    @property
    def title(self) -> str:
        """Its name and folder, for notes."""
        return f"{self.name} in {self.place}"

    @property
    def hardware(self) -> Hardware:
        """Of the last measurement."""
        return self.journals[0].hardware

    @property
    def marks(self) -> frozenset[Mark]:
        """Of all its measurements."""
        return frozenset(chain.from_iterable(each.marks for each in self.journals))

    @property
    def measured(self) -> str:
        """When it has measured last."""
        return self.journals[0].measured

    @property
    def store(self) -> Store:
        """Where its results are."""
        return Store(self.name, tuple(each.path for each in self.journals), self.provenance)


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
            notes.append(_on_copies(found[same], part))
            found[same] = _joined(found[same], part)
    return _labelled(found), [*notes, *_on_names(found)]


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


def _on_copies(a: Found, b: Found) -> str:
    both, n = len(a.marks & b.marks), len(b.marks)
    of = f"all {n}" if both == n else f"{both} of the {n}"
    more = "" if both == n else f"; the others are added to {a.name}"
    return (
        f"{of[0].upper()}{of[1:]} measurements of {b.title} are those of {a.title}, and are "
        f"counted once{more}."
    )


def _on_names(found: Sequence[Found]) -> list[str]:
    """A note on each name that several machines have."""
    names = dict.fromkeys(each.name for each in found)
    groups = [[each for each in found if each.name == name] for name in names]
    return [_on_name(own) for own in groups if len(own) > 1]


def _on_name(own: Sequence[Found]) -> str:
    """Facts that differ, or else that nothing tells whether they are one machine."""
    first, *others = own
    texts = [_telling(each, first) for each in others]
    alike = [each.place for each, text in zip(others, texts, strict=True) if not text]
    told = [text for text in texts if text]
    what = f"{first.name} names {len(own)} machines, which are shown apart"
    if told:
        what += f": {'; '.join([_telling(first, others[texts.index(told[0])]), *told])}"
    if alike:
        what += (
            f". Those in {units.listed([first.place, *alike])} have the same facts and no "
            "measurement in common: two machines, or two copies of Gradmark on one"
        )
    return f"{what}. GRADMARK_MACHINE gives a machine a name of its own."


def _telling(each: Found, other: Found) -> str:
    """What a machine has that another of its name has not."""
    differs = each.hardware.differs(other.hardware)
    return f"that in {each.place} has {units.listed(differs)}" if differs else ""


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
