"""The commit that stands for the working tree."""

from __future__ import annotations

import pytest

from scripts import _project
from scripts._errors import UserError


@pytest.fixture
def clone(tmp_path, monkeypatch):
    """A small clone with one implementation, committed."""
    monkeypatch.setattr(_project, "ROOT", tmp_path)
    monkeypatch.setattr(_project, "STATE", tmp_path / ".asv")
    for folder in ("impls/logistic", "benchmarks"):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "matrix.py").write_text("one\n")
    (tmp_path / ".gitignore").write_text("/.asv/\n__pycache__/\n")
    _project.git("init", "--quiet")
    for key, value in (("user.name", "somebody"), ("user.email", "somebody@example.org")):
        _project.git("config", key, value)
    _project.git("add", "--all")
    _project.git("commit", "--quiet", "--message=first")
    return tmp_path


def test_a_clean_tree_is_head(clone):
    assert _project.measured_commit() == _project.git("rev-parse", "HEAD")


def test_a_change_elsewhere_is_head(clone):
    (clone / "README.md").write_text("new\n")
    assert _project.measured_commit() == _project.git("rev-parse", "HEAD")


def test_a_new_file_makes_a_commit_of_its_own_each_time_the_same(clone):
    (clone / "impls/logistic/mine.py").write_text("mine\n")
    first = _project.measured_commit()
    assert first != _project.git("rev-parse", "HEAD")
    assert first == _project.measured_commit()
    assert _project.git("show", f"{first}:impls/logistic/mine.py") == "mine"
    assert _project.changed_files("HEAD", first) == ["impls/logistic/mine.py"]
    head = _project.git("rev-parse", "HEAD")[:8]
    assert _project.describe_commit(first) == f"{head} with uncommitted impls/logistic/mine.py"


def test_other_contents_make_another_commit(clone):
    path = clone / "impls/logistic/mine.py"
    commits = []
    for text in ("one", "two"):
        path.write_text(text)
        commits.append(_project.measured_commit())
    assert commits[0] != commits[1]


def test_ignored_files_are_no_change(clone):
    (clone / "impls/__pycache__").mkdir()
    (clone / "impls/__pycache__/matrix.pyc").write_text("compiled")
    assert _project.measured_commit() == _project.git("rev-parse", "HEAD")


def test_the_users_index_branches_and_files_stay_as_they_are(clone):
    (clone / "impls/logistic/mine.py").write_text("mine\n")
    before = (_project.git("status", "--porcelain"), _project.git("branch", "--list"))
    _project.measured_commit()
    assert (_project.git("status", "--porcelain"), _project.git("branch", "--list")) == before
    assert (clone / "impls/logistic/mine.py").read_text() == "mine\n"


def test_many_changes_are_counted(clone):
    for name in "abc":
        (clone / f"impls/logistic/{name}.py").write_text(name)
    assert _project.describe_commit(_project.measured_commit()).endswith("changes in 3 files")


def test_a_commit_from_another_clone_is_unknown(clone):
    assert _project.changed_files("HEAD", "f" * 40) is None


def test_no_clone_is_a_users_error(tmp_path, monkeypatch):
    monkeypatch.setattr(_project, "ROOT", tmp_path)
    with pytest.raises(UserError, match="not a git repository"):
        _project.git("rev-parse", "HEAD")
