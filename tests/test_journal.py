"""The suite's journal, read while it is being written and after damage."""

from __future__ import annotations

import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scripts._measured import journal as _journal


@pytest.fixture
def journal(tmp_path, monkeypatch):
    monkeypatch.setattr(_journal, "FOLDER", tmp_path)
    return _journal.path_of("a" * 40, "environment")


def line(outcome="ready", cell=("gradient", "logistic", "matrix", 10, 10), **more):
    record = {"cell": cell, "outcome": outcome, "reason": "", "state": "0"}
    return json.dumps(record | more) + "\n"


def test_the_last_outcome_of_a_cell_counts(journal):
    journal.write_text(line("started") + line("failed", reason="why") + line("ready"))
    (outcome,) = _journal.read_journal("a" * 40, "environment").values()
    assert outcome.word == "ready"


def test_ends_are_counted_whatever_the_spacing_and_a_part_of_a_line_is_not(journal):
    counter = _journal.OutcomeCounter("a" * 40, "environment")
    assert counter.count() == 0
    journal.write_text(line("started") + line().replace(": ", ":") + line()[:20])
    assert counter.count() == 1
    with journal.open("a") as file:
        file.write(line()[20:] + line("skipped"))
    assert counter.count() == 3


def test_only_what_ends_from_now_on_is_counted(journal):
    journal.write_text(line())
    assert _journal.OutcomeCounter("a" * 40, "environment").count() == 0


@pytest.mark.parametrize("environment", ["../../elsewhere", "x" * 400, "a/b", "", "a\0b"])
def test_no_environment_leads_out_of_the_folder(tmp_path, monkeypatch, environment):
    monkeypatch.setattr(_journal, "FOLDER", tmp_path)
    path = _journal.path_of("a" * 40, environment)
    assert path.parent == tmp_path
    path.write_text("")


json_values = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text() | st.integers(),
    lambda part: st.lists(part, max_size=3) | st.dictionaries(st.text(), part, max_size=3),
    max_leaves=5,
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.fixed_dictionaries(
        {}, optional=dict.fromkeys(("cell", "outcome", "reason", "state"), json_values)
    )
    | json_values
)
def test_a_line_of_another_form_is_passed_over(journal, record):
    journal.write_text(json.dumps(record) + "\n" + line())
    assert _journal.read_journal("a" * 40, "environment")[
        ("gradient", "logistic", "matrix", 10, 10)
    ]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=50))
def test_bytes_of_any_kind_are_passed_over(journal, noise):
    journal.write_bytes(noise.replace(b"\n", b"") + b"\n" + line().encode())
    assert len(_journal.read_journal("a" * 40, "environment")) == 1
