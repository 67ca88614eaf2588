"""What is measured: the working tree or a commit, identified by the contents of its files."""

from __future__ import annotations

import hashlib
import io
import re
import tarfile
import tempfile
from collections.abc import Container, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from benchmarks._session import guardian
from impls import _provenance
from impls._imports import Sources
from scripts._common import project
from scripts._common.errors import UserError
from scripts._common.project import git

PACKAGES = ("impls", "benchmarks")
_HASH = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True)
class Tree:
    """Files that can be measured.

    Attributes
    ----------
    root : Path
        The folder that holds impls and benchmarks.
    name : str
        40 hexadecimal digits that results are filed under: the commit's hash, or a hash of the
        contents if the files are not exactly those of a commit.
    title : str
        For people: the commit, what differs from it, or ``no commit``.
    """

    root: Path
    name: str
    title: str
    _sources: dict[tuple[str, ...], Sources] = field(
        default_factory=dict, compare=False, repr=False
    )

    def sources(self, plugins: tuple[str, ...] = ()) -> Sources:
        """Its source files and those of the given installed plug-ins, ``problem/name``.

        What they import is read once.
        """
        if plugins not in self._sources:
            impls, benchmarks = (self.root / name for name in PACKAGES)
            self._sources[plugins] = _provenance.find_sources(impls, benchmarks, plugins)
        return self._sources[plugins]


def working_tree() -> Tree:
    """The files as they are, whether committed or ignored by git; nothing is written."""
    tree = Tree(project.ROOT, "", "no commit")
    files = _hash_files(tree)
    head = _head()
    committed = _committed_files(head, files) if head else {}
    if not (head and committed):  # no clone, or a folder inside one that does not track it
        return replace(tree, name=_name(files))
    changed = sorted(p for p in {*files, *committed} if files.get(p) != committed.get(p))
    if not changed:
        return replace(tree, name=head, title=f"commit {head[:8]}")
    what = ", ".join(changed) if len(changed) <= 2 else f"changes in {len(changed)} files"
    title = f"commit {head[:8]} with uncommitted {what}"
    return replace(tree, name=_name(files), title=title)


@contextmanager
def committed_tree(revision: str) -> Iterator[Tree]:
    """The files of a commit, in a temporary folder.

    Raises
    ------
    UserError
        If there is no such commit, or it lacks the two packages.
    """
    wanted = ("rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    commit = _text(git(*wanted))
    if not _HASH.fullmatch(commit):
        raise UserError(f"--commit is {revision!r}, which is no commit of this clone")
    with tempfile.TemporaryDirectory(prefix="tree-", dir=guardian.folder()) as folder:
        archive = git("archive", "--format=tar", commit, "--", *PACKAGES)
        if archive is None:
            raise UserError(f"--commit is {revision!r}, which has no {' and '.join(PACKAGES)}")
        with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
            # From Python 3.11.4 on, paths that lead out of the folder are refused.
            tar.extraction_filter = getattr(tarfile, "data_filter", lambda member, _: member)
            tar.extractall(folder)
        yield Tree(Path(folder), commit, f"commit {commit[:8]}")


def _head() -> str:
    """Hash of HEAD, or an empty string."""
    head = _text(git("rev-parse", "--verify", "--quiet", "HEAD^{commit}"))
    return head if _HASH.fullmatch(head) else ""


def _hash_files(tree: Tree) -> dict[str, str]:
    """Hash of each file of the two packages, including data files that their code names."""
    sources = tree.sources()
    closure = sources.closure(file for name in PACKAGES for file in sources.files(name))
    own = sorted(file for file in closure.files if file.split("/")[0] in PACKAGES)
    return {file: _provenance.hash_file(sources.locate(file)) for file in own}


def _committed_files(commit: str, present: Container[str]) -> dict[str, str]:
    """git's hash of each file of the two packages in a commit.

    Files other than Python count only if they are in `present`.
    """
    listed = _text(git("ls-tree", "-r", "-z", commit, "--", *PACKAGES))
    entries = (entry.partition("\t") for entry in listed.split("\0"))
    files = {path: meta.split()[-1] for meta, _, path in entries if path}
    return {p: digest for p, digest in files.items() if p.endswith(".py") or p in present}


def _name(files: dict[str, str]) -> str:
    """Hash of the contents, as long as a commit's hash."""
    lines = "".join(f"{digest} {path}\n" for path, digest in sorted(files.items()))
    return hashlib.sha1(lines.encode(), usedforsecurity=False).hexdigest()


def _text(output: bytes | None) -> str:
    return (output or b"").decode(errors="replace").strip()
