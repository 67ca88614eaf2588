"""The tree that is measured is identified by its content; git's files are only read."""

from __future__ import annotations

import re
import subprocess

import pytest

from impls import _imports
from scripts._common import project
from scripts._common import tree as _tree
from scripts._common.errors import UserError
from scripts._measured.state import state_of


def run_git(folder, *arguments):
    who = ["-c", "user.name=somebody", "-c", "user.email=somebody@example.org"]
    command = ["git", "-C", str(folder), *who, *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def write_tree(folder):
    for path in ("impls/logistic/matrix.py", "benchmarks/gradient.py"):
        (folder / path).parent.mkdir(parents=True)
        (folder / path).write_text("one = 1\n")
    (folder / ".gitignore").write_text("/.asv/\n__pycache__/\nimpls/logistic/ignored.py\n")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The files alone, without a git repository."""
    monkeypatch.setattr(project, "ROOT", tmp_path / "tree")
    write_tree(tmp_path / "tree")
    return tmp_path / "tree"


@pytest.fixture
def clone(folder):
    """The same files, committed."""
    run_git(folder, "init", "--quiet")
    run_git(folder, "add", "--all")
    run_git(folder, "commit", "--quiet", "--message=first")
    return folder


def snapshot(folder):
    """Content of every file in the clone's .git folder."""
    return {p: p.read_bytes() for p in (folder / ".git").rglob("*") if p.is_file()}


def test_a_clean_tree_is_head(clone):
    tree = _tree.working_tree()
    head = run_git(clone, "rev-parse", "HEAD")
    assert (tree.name, tree.title) == (head, f"commit {head[:8]}")


@pytest.mark.parametrize("state", ["clean", "changed", "no clone"])
def test_the_imports_of_a_file_are_read_once(request, monkeypatch, state):
    tree_folder = request.getfixturevalue("folder" if state == "no clone" else "clone")
    if state == "changed":
        (tree_folder / "impls/logistic/matrix.py").write_text("two = 2\n")
    read = []
    parse = _imports._parse
    monkeypatch.setattr(_imports, "_parse", lambda path: read.append(path) or parse(path))
    state_of(_tree.working_tree())
    assert len(read) == len({*read}) == 2


def test_a_change_elsewhere_is_head(clone):
    (clone / "README.md").write_text("new\n")
    (clone / "impls/__pycache__").mkdir()
    (clone / "impls/__pycache__/matrix.pyc").write_text("compiled")
    assert _tree.working_tree().name == run_git(clone, "rev-parse", "HEAD")


@pytest.mark.parametrize("name", ["mine.py", "ignored.py", "matrix.py"])
def test_what_is_not_committed_has_a_name_of_its_own_that_tells_its_content(clone, name):
    path = clone / "impls/logistic" / name
    names = []
    for text in ("two = 2", "three = 3", "two = 2"):
        path.write_text(text)
        names.append(_tree.working_tree().name)
    head = run_git(clone, "rev-parse", "HEAD")
    assert names[0] == names[2] != names[1]
    assert head not in names
    assert all(re.fullmatch("[0-9a-f]{40}", name) for name in names)
    title = _tree.working_tree().title
    assert title == f"commit {head[:8]} with uncommitted impls/logistic/{name}"


def test_many_changes_are_counted(clone):
    for name in "abc":
        (clone / f"impls/logistic/{name}.py").write_text(name)
    (clone / "impls/logistic/matrix.py").unlink()
    assert _tree.working_tree().title.endswith("with uncommitted changes in 4 files")


def test_nothing_is_written_into_the_clone(clone):
    (clone / "impls/logistic/mine.py").write_text("mine = 1")
    (clone / "benchmarks/large.bin").write_bytes(b"0" * 10**6)
    before = snapshot(clone)
    _tree.working_tree()
    with _tree.committed_tree("HEAD"):
        pass
    assert snapshot(clone) == before


def test_an_archive_inside_of_another_clone_is_no_commit_and_writes_nothing(tmp_path, folder):
    run_git(tmp_path, "init", "--quiet")
    run_git(tmp_path, "commit", "--quiet", "--allow-empty", "--message=another project")
    before = snapshot(tmp_path)
    assert _tree.working_tree().title == "no commit"
    assert snapshot(tmp_path) == before


def test_variables_that_name_another_repository_do_not_count(clone, tmp_path, monkeypatch):
    run_git(tmp_path, "init", "--quiet", "other")
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "other" / ".git"))
    title = _tree.working_tree().title
    monkeypatch.delenv("GIT_DIR")
    assert title == f"commit {run_git(clone, 'rev-parse', 'HEAD')[:8]}"


@pytest.mark.parametrize("path", ["", "/nowhere"])
def test_without_a_clone_or_without_git_there_is_no_commit(folder, monkeypatch, path):
    if path:
        monkeypatch.setenv("PATH", path)
    tree = _tree.working_tree()
    assert tree.title == "no commit"
    assert re.fullmatch("[0-9a-f]{40}", tree.name)


def test_the_same_files_have_the_same_name_with_and_without_a_clone(clone, monkeypatch):
    (clone / "impls/logistic/mine.py").write_text("mine = 1")
    name = _tree.working_tree().name
    monkeypatch.setenv("PATH", "/nowhere")
    assert _tree.working_tree().name == name


def test_settings_of_git_for_people_do_not_matter(clone):
    """With log.showSignature, for example, git log also prints gpg's output for signed commits."""
    for setting in ("log.showSignature=true", "color.ui=always", "core.quotePath=true"):
        run_git(clone, "config", *setting.split("="))
    assert _tree.working_tree().name == run_git(clone, "rev-parse", "HEAD")


def test_a_commit_is_read_as_it_was(clone):
    first = run_git(clone, "rev-parse", "HEAD")
    (clone / "impls/logistic/matrix.py").write_text("two = 2\n")
    run_git(clone, "commit", "--all", "--quiet", "--message=second")
    with _tree.committed_tree("HEAD~1") as tree:
        assert (tree.name, tree.title) == (first, f"commit {first[:8]}")
        assert (tree.root / "impls/logistic/matrix.py").read_text() == "one = 1\n"


@pytest.mark.parametrize("name", ["no-such-branch", "HEAD:impls", "", "f" * 40, "--all"])
def test_what_is_no_commit_is_a_users_error(clone, name):
    with pytest.raises(UserError, match="no commit of this clone"), _tree.committed_tree(name):
        pass


def test_no_name_is_taken_for_an_option(clone, tmp_path):
    """For example, git diff empties a file with ``--output=FILE``."""
    precious = tmp_path / "precious"
    precious.write_text("precious")
    with pytest.raises(UserError), _tree.committed_tree(f"--output={precious}"):
        pass
    assert precious.read_text() == "precious"
