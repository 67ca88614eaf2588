"""Where things are in the clone, and which commit stands for the working tree."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from scripts._errors import UserError

ROOT = Path(__file__).resolve().parent.parent
STATE = ROOT / ".asv"
# What a result depends on; a change elsewhere leaves results valid.
MEASURED = ("impls", "benchmarks")


def git(*arguments: str, **environment: str) -> str:
    """Output of a git command in the clone.

    Raises
    ------
    UserError
        If git fails: most often, because this is no clone.
    """
    command = ["git", "-C", str(ROOT), *arguments]
    try:
        done = subprocess.run(
            command, check=True, capture_output=True, text=True, env=os.environ | environment
        )
    except FileNotFoundError as error:
        raise UserError("git is not installed; results are filed under commits") from error
    except subprocess.CalledProcessError as error:
        raise UserError(f"git {' '.join(arguments)}: {error.stderr.strip()}") from error
    return done.stdout.strip()


def measured_commit() -> str:
    """Hash of the commit that holds the working tree's impls and benchmarks.

    HEAD where nothing there differs from it. Otherwise a commit on no branch, whose parent is
    HEAD and which is the same for the same contents: what is not committed can be measured, and
    its results are never mixed up with HEAD's. A ref keeps it from being pruned.
    """
    STATE.mkdir(exist_ok=True)
    index = {"GIT_INDEX_FILE": str(STATE / "snapshot-index")}
    git("read-tree", "HEAD", **index)
    git("add", "--all", "--", *MEASURED, **index)
    tree = git("write-tree", **index)
    if tree == git("rev-parse", "HEAD^{tree}"):
        return git("rev-parse", "HEAD")
    commit = git("commit-tree", tree, "-p", "HEAD", "-m", _describe_changes(tree), **_signature())
    git("update-ref", snapshot_ref(commit), commit)
    return commit


def snapshot_ref(commit: str) -> str:
    """Ref that keeps a commit of the working tree."""
    return f"refs/gradmark/{commit[:12]}"


def changed_files(old: str, new: str) -> list[str] | None:
    """Files under `MEASURED` that differ between two commits; None if one is not in this clone."""
    try:
        return git("diff", "--name-only", old, new, "--", *MEASURED).splitlines()
    except UserError:
        return None


def describe_commit(commit: str) -> str:
    """Short hash, with the changed files where it is a snapshot of the working tree."""
    parents = git("rev-list", "--parents", "-n", "1", commit).split()[1:]
    if git("for-each-ref", "--points-at", commit, "refs/gradmark"):
        return f"{parents[0][:8]} with uncommitted {git('log', '-1', '--format=%s', commit)}"
    return commit[:8]


def _describe_changes(tree: str) -> str:
    files = git("diff", "--name-only", "HEAD", tree).splitlines()
    return ", ".join(files) if len(files) <= 2 else f"changes in {len(files)} files"


def _signature() -> dict[str, str]:
    """Author and date that depend on HEAD alone, so that the hash depends on contents alone."""
    date = git("log", "-1", "--format=%cI")
    names = {f"GIT_{who}_NAME": "working tree" for who in ("AUTHOR", "COMMITTER")}
    mails = {f"GIT_{who}_EMAIL": "none" for who in ("AUTHOR", "COMMITTER")}
    return names | mails | {"GIT_AUTHOR_DATE": date, "GIT_COMMITTER_DATE": date}
