"""The state that results have to be valid for: files, libraries, settings."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

from pydantic import InstanceOf

import impls
from impls import _provenance, _table
from impls._provenance import Provenance, Rules, Subject
from scripts._common import project
from scripts._common.checked import ByName, Record, leave_aside, read_or_name
from scripts._common.tree import PACKAGES, Tree

_DIGEST = re.compile(r"\w+")
_UNKNOWN = "an unknown change: there is no record of the files and versions of the measurement"


@dataclass(frozen=True)
class State:
    """A tree with libraries and settings.

    Attributes
    ----------
    title : str
        The tree's title, for people.
    provenance : Provenance
        Hashes of the files, versions and settings.
    rules : Rules
        What each cell depends on.
    folders : tuple of Path
        With records of other states; empty: this folder's.
    """

    title: str
    provenance: Provenance
    rules: Rules
    folders: tuple[Path, ...] = ()
    _known: dict[tuple[Subject, str], list[str]] = field(default_factory=dict, compare=False)

    @property
    def setup(self) -> str:
        """Digest of the libraries, the settings and the files of plug-ins: all but the tree."""
        files = self.provenance.files
        foreign = {path: files[path] for path in files if path.split("/")[0] not in PACKAGES}
        return replace(self.provenance, files=foreign).digest[:8]

    def as_measured(self, then: Provenance, title: str) -> State:
        """The state in which other results were measured, with the imports of this tree."""
        return State(title, then, self.rules.at(then), self.folders)

    def has(self, cell: Subject) -> bool:
        """Whether the cell's implementation exists; what is no name, such as a path, has none."""
        names = (cell.problem, cell.implementation, cell.solver or cell.problem)
        return all(map(_table.is_name, names)) and self.rules.has(*names[:2])

    def changes(self, cell: Subject, digest: str) -> list[str]:
        """What has changed for a cell since the state with this digest; empty if nothing has."""
        key = cell, digest
        if key not in self._known:
            then = load_state(digest, self.folders)
            self._known[key] = self.rules.changes(key[0], then) if then else [_UNKNOWN]
        return self._known[key]

    def versions(self, cell: Subject) -> str:
        """Versions of the libraries that a cell's value depends on."""
        names = ["Python", *self.rules.libraries(cell)]
        known = self.provenance.versions
        return ", ".join(f"{name} {known[name]}" for name in names if name in known)


# Contents of variables may be no text in UTF-8, and count as they are.
_Texts = ByName[InstanceOf[str], InstanceOf[str]]


class _Record(Record):
    """The record of a `Provenance`."""

    files: _Texts
    versions: _Texts
    settings: _Texts


@cache
def load_state(digest: str, folders: tuple[Path, ...] = ()) -> Provenance | None:
    """Load the state with this digest from one of the folders; a damaged record is told.

    Parameters
    ----------
    folders : tuple of Path
        Empty: this folder's records.

    Returns
    -------
    Provenance or None
        None if it is not known, or damaged.
    """
    if not _DIGEST.fullmatch(digest):  # it comes from a journal, and names a file
        return None
    found = (_load(digest, folder) for folder in folders or (project.PROVENANCE,))
    return next(filter(None, found), None)


def _load(digest: str, folder: Path) -> Provenance | None:
    path = folder / f"{digest}.json"
    advice = "delete it; what was measured in that state is measured again"
    record = read_or_name(path, _Record, "the state", advice)
    if record is None:
        return None
    found = Provenance(**dict(record))
    if found.digest != digest:
        leave_aside(f"the state {path} is not the one that its name says; {advice}")
        return None
    return found


def state_of(tree: Tree, like: Provenance | None = None, folders: tuple[Path, ...] = ()) -> State:
    """The state of a tree, with this interpreter's libraries and settings or those of `like`.

    Parameters
    ----------
    folders : tuple of Path
        With records of other states; empty: this folder's.
    """
    sources = tree.sources(plugins())
    now = _provenance.collect(sources)
    if like:
        now = replace(now, versions=like.versions, settings=like.settings)
    return State(tree.title, now, Rules(sources, now), folders)


def plugins() -> tuple[str, ...]:
    """Installed plug-ins, ``problem/name``; imports none of them."""
    return tuple(
        f"{problem}/{name}"
        for problem in impls.problems()
        for name in impls.names(problem)
        if _table.is_name(name) and not _table.is_builtin(problem, name)
    )
