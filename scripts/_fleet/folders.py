"""Folders with results of machines, however a colleague has copied them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from benchmarks import _measure
from impls._errors import one_line
from scripts._common import project
from scripts._common.errors import UserError

HERE = "this folder"
_OUTER = (".asv", "session")  # say nothing about whose results they hold


@dataclass(frozen=True)
class Folder:
    """Journals of machines, and records of the states that they were measured in.

    Attributes
    ----------
    label : str
        For people: the end of its path, which no other folder of the same report shares.
    machines : mapping of str to tuple of Path
        Journals by the name of the machine.
    provenance : tuple of Path
        Folders with such records; each is named by its contents, so that none can be mistaken.
    """

    label: str
    path: Path
    machines: Mapping[str, tuple[Path, ...]]
    provenance: tuple[Path, ...]


def own_folder() -> Folder:
    """The results in this folder, of all machines."""
    return Folder(HERE, _measure.FOLDER, _machines(_measure.FOLDER), (project.PROVENANCE,))


def find_folders(given: Sequence[str]) -> list[Folder]:
    """The folders of ``--results``.

    Parameters
    ----------
    given : sequence of str
        Paths of a copy of Gradmark, of its ``.asv``, of ``.asv/session``, or of a machine in that.

    Raises
    ------
    UserError
        If one holds no results, or is given twice.
    """
    found = [_find(text) for text in given]
    paths = [each.path.resolve() for each in found]
    for text, path in zip(given, paths, strict=True):
        if paths.count(path) > 1:
            raise UserError(f"--results names the folder {text!r} twice, expected each once")
    return [replace(e, label=label) for e, label in zip(found, _labels(paths), strict=True)]


def _find(text: str) -> Folder:
    path = Path(text)
    if not path.is_dir():
        raise UserError(f"--results is {text!r}, which is no folder; expected {_EXPECTED}")
    for session in (path / ".asv" / "session", path / "session", path):
        if machines := _machines(session):
            return Folder("", session, machines, _provenance(session))
    if own := tuple(path.glob("*.jsonl")):
        name = one_line(path.resolve().name) or "?"
        return Folder("", path, {name: own}, _provenance(path.parent, path))
    raise UserError(f"--results is {text!r}, which {_lacks(path)}; expected {_EXPECTED}")


_EXPECTED = "the folder .asv of a machine that has measured, with its session and provenance"


def _lacks(path: Path) -> str:
    """What is missing; asv's own results lack the rounds that ratios are made of."""
    for results in (path / ".asv" / "results", path / "results", path):
        if any(results.glob("*/machine.json")) or (results / "machine.json").is_file():
            return "holds what asv keeps, and not the journals of .asv/session"
    if any((each / part).is_dir() for each in path.iterdir() for part in (".asv", "session")):
        return "holds folders of several machines, to be named each"
    return "holds no journals of .asv/session"


def _machines(session: Path) -> dict[str, tuple[Path, ...]]:
    found: dict[str, tuple[Path, ...]] = {}
    for path in sorted(session.glob("*/*.jsonl")):
        name = one_line(path.parent.name) or "?"
        found[name] = (*found.get(name, ()), path)
    return found


def _provenance(session: Path, *more: Path) -> tuple[Path, ...]:
    """Where records may be: beside the journals, or copied into this folder's."""
    beside = (session.parent / "provenance", *(path / "provenance" for path in more))
    return (*(folder for folder in beside if folder.is_dir()), project.PROVENANCE)


def _labels(paths: Sequence[Path]) -> list[str]:
    """The end of each path, with as many parts as tell it from the others."""
    parts = [_telling(path) for path in paths]
    return [_label(own, [each for each in parts if each is not own]) for own in parts]


def _telling(path: Path) -> tuple[str, ...]:
    """Parts of a path, without the last ones that every such path has."""
    own = path.parts
    while len(own) > 1 and own[-1] in _OUTER:
        own = own[:-1]
    return own


def _label(own: tuple[str, ...], others: Sequence[tuple[str, ...]]) -> str:
    taken = range(1, len(own) + 1)
    n = next((n for n in taken if all(o[-n:] != own[-n:] for o in others)), len(own))
    return one_line("/".join(own[-n:])) or "?"
