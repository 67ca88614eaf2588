"""asv plug-in: end all with asv, write JSON files whole, measure and publish uncommitted files.

asv asks its repository for the hash, the date and the place in history of what it measures.
`MeasuredTree` answers for uncommitted files, without git and without writing to a clone. About the
history of a clone it answers as asv's own class for git does.
"""

from __future__ import annotations

import os
import re
import sys
import tempfile
from collections.abc import Collection
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from subprocess import SubprocessError
from typing import Any

from asv import runner, util
from asv.plugins.git import Git
from asv.repo import NoSuchNameError, Repo

from benchmarks import _parent
from benchmarks._session import guardian
from benchmarks._session.notes import VARIABLE as VARIABLE_OF_NOTES
from impls._files import written_aside

# Holds the name of the tree that is measured or published: 40 hexadecimal digits, as for a commit.
VARIABLE = "GRADMARK_TREE"


_write_json = util.write_json


def setup() -> None:
    """asv calls this once the plug-in is loaded."""
    _guard()
    keep_whole()
    _tell_notes()


def keep_whole() -> None:
    """Let asv write its JSON files as a whole or not at all."""
    util.write_json = _write_whole


def _guard() -> None:
    """Let no process or temporary file outlive asv; a command that has started it does this too."""
    os.environ[_parent.VARIABLE] = str(os.getpid())
    if guardian.VARIABLE not in os.environ:
        os.environ |= {guardian.VARIABLE: guardian.mark(), "TMPDIR": guardian.folder()}
        tempfile.tempdir = guardian.folder()


def _tell_notes() -> None:
    """Show what a suite has left aside: of one that measures, asv drops all output."""
    notes = Path(guardian.folder(), "notes")
    os.environ[VARIABLE_OF_NOTES] = str(notes)
    create = runner.Spawner.create_setup_cache

    def create_and_tell(*arguments: Any) -> Any:
        found = create(*arguments)
        with suppress(OSError):
            sys.stderr.write(f"\n{notes.read_text(encoding='utf-8')}")
            notes.unlink()
        return found

    runner.Spawner.create_setup_cache = create_and_tell


def _write_whole(path: str, *arguments: Any, compact: bool = False, **options: Any) -> None:
    """As asv's function does, but a kill or a full disk leaves the old file.

    What is compact belongs to the pages, which can be made again.
    """
    with written_aside(Path(path), is_lasting=not compact) as part:
        _write_json(str(part), *arguments, compact=compact, **options)


class MeasuredTree(Repo):  # type: ignore[misc]
    """A commit or uncommitted files, at the end of HEAD's history."""

    dvcs = "gradmark-tree"

    def __init__(self, url: str, mirror_path: str) -> None:
        self._tree = os.environ.get(VARIABLE, "")
        self._git = Git(url, mirror_path) if _has_commits(url) else None

    def pull(self) -> None:
        """Fetch nothing."""

    def get_hash_from_name(self, name: str | None) -> str:
        """The name itself if it is a hash, the tree for HEAD, else git's answer."""
        if name is not None and re.fullmatch(r"[0-9a-f]{40}", name):
            return name
        if name in (None, "HEAD"):
            return self._tree
        if self._git is None:
            raise NoSuchNameError(name)
        return str(self._git.get_hash_from_name(name))

    def get_date(self, name: str) -> int:
        """Milliseconds since 1970: now, because the files are measured as they are now."""
        return int(datetime.now(UTC).timestamp() * 1000)

    def get_date_from_name(self, name: str) -> int:
        """Milliseconds since 1970 of a tag's commit."""
        return int(self._git.get_date_from_name(name)) if self._git else self.get_date(name)

    def get_name_from_hash(self, commit: str) -> None:
        """Give no name; the hash is enough."""

    def get_tags(self) -> dict[str, str]:
        """Commits by tag."""
        return dict(self._git.get_tags()) if self._git else {}

    def get_branch_commits(self, branch: str | None) -> list[str]:
        """The tree, then HEAD's history, newest first."""
        commits = self._git.get_branch_commits(branch) if self._git else []
        return list(dict.fromkeys([self._tree, *commits]))

    def get_revisions(self, commits: Collection[str]) -> dict[str, int]:
        """Places in history; the tree follows the last commit."""
        known = dict(self._git.get_revisions(commits)) if self._git else {}
        last = max(known.values(), default=-1) + 1
        return ({self._tree: last} if self._tree in commits else {}) | known

    def get_range_spec(self, commit_a: str, commit_b: str) -> str:
        """A range in git's notation."""
        return f"{commit_a}..{commit_b}"

    def get_new_range_spec(self, latest_result: str, branch: str | None = None) -> str:
        """The commits since one, in git's notation."""
        return f"{latest_result}..HEAD"

    def get_hashes_from_range(self, range_spec: str) -> list[str]:
        """Commits of a range; a range that involves the tree is the tree alone."""
        if self._git is None or self._tree in range_spec:
            return [self._tree]
        return list(self._git.get_hashes_from_range(range_spec))


def _has_commits(url: str) -> bool:
    try:
        return bool(Git.is_local_repo(url) and Git(url, url).get_hash_from_name("HEAD"))
    except (OSError, RuntimeError, SubprocessError):  # no git, or no commit yet
        return False
