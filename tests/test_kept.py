"""Texts that are kept in .asv, since they take long to make."""

from __future__ import annotations

import pytest

from scripts._common import project
from scripts._common.kept import kept


@pytest.fixture
def state(tmp_path, monkeypatch):
    monkeypatch.setattr(project, "STATE", tmp_path / "asv")
    return tmp_path / "asv"


def test_a_text_is_made_once_and_kept_as_it_is(state):
    made = iter(["a\r\n\u2028é", "another"])
    assert [kept("a-1.js", lambda: next(made)) for _ in range(2)] == ["a\r\n\u2028é"] * 2
    assert kept("a-2.js", lambda: next(made)) == "another"


def test_a_damaged_text_is_made_anew(state):
    kept("a.js", lambda: "old")
    (state / "kept" / "a.js").write_bytes(b"\xff")
    assert kept("a.js", lambda: "new") == "new"
    assert kept("a.js", lambda: "other") == "new"


def test_where_nothing_can_be_kept_it_is_made_each_time(state):
    state.write_text("a file")
    made = iter(["one", "two"])
    assert [kept("a.js", lambda: next(made)) for _ in range(2)] == ["one", "two"]
