"""What implementations say of themselves is asked once, and again when something has changed."""

import json

import pytest

import impls
from scripts._common import isolated, project
from scripts._common.isolated import Description
from scripts._measured import descriptions
from tests._recorded import Recorded

FUSED = Description("One pass.", "1", 8.0, "one pass", 1e-12)


@pytest.fixture
def recorded(tmp_path, monkeypatch):
    return Recorded(tmp_path, monkeypatch)


@pytest.fixture
def asked(monkeypatch):
    """Names that were asked, in turn; they answer with ``answers``."""
    names = []

    def describe(problem, wanted):
        wanted = list(wanted)
        names.extend(wanted)
        return {name: ANSWERS.get(name, FUSED) for name in wanted}

    monkeypatch.setattr(isolated, "describe", describe)
    return names


ANSWERS = {
    "numba_loop": impls.Unavailable("it needs numba"),
    "float32": impls.BadPlugin("its process died"),
}


def describe(recorded, *names):
    return descriptions.describe(recorded.state(), "logistic", names)


def test_an_answer_is_kept(recorded, asked):
    first = describe(recorded, "matrix", "nested_loop")
    assert describe(recorded, "nested_loop", "matrix") == first
    assert first == {"matrix": FUSED, "nested_loop": FUSED}
    assert asked == ["matrix", "nested_loop"]


def test_what_is_not_installed_stays_so_and_what_died_is_asked_again(recorded, asked):
    for _ in range(2):
        found = describe(recorded, "numba_loop", "float32")
        assert isinstance(found["numba_loop"], impls.Unavailable)
        assert "it needs numba" in str(found["numba_loop"])
        assert isinstance(found["float32"], impls.BadPlugin)
    assert asked == ["numba_loop", "float32", "float32"]


def test_an_edit_asks_those_again_that_depend_on_it(recorded, asked):
    describe(recorded, "matrix", "nested_loop")
    recorded.write("impls/logistic/nested_loop.py", "import numpy  # edited")
    describe(recorded, "matrix", "nested_loop")
    assert asked == ["matrix", "nested_loop", "nested_loop"]


@pytest.mark.parametrize(
    "text", ["", "[]", '{"logistic/matrix": 1}', '{"logistic/matrix": {"state": "x"}}', "{"]
)
def test_a_damaged_record_is_asked_again(text, recorded, asked):
    describe(recorded, "nested_loop")
    path = project.PROVENANCE.with_name("descriptions.json")
    path.write_text(text)
    assert describe(recorded, "matrix") == {"matrix": FUSED}
    assert asked == ["nested_loop", "matrix"]


def test_a_record_of_other_fields_is_asked_again(recorded, asked):
    describe(recorded, "matrix")
    path = project.PROVENANCE.with_name("descriptions.json")
    kept = json.loads(path.read_text())
    kept["logistic/matrix"]["colour"] = "red"
    path.write_text(json.dumps(kept))
    assert describe(recorded, "matrix") == {"matrix": FUSED}
    assert asked == ["matrix", "matrix"]


def test_a_folder_that_cannot_be_written_to_costs_time_alone(recorded, asked, monkeypatch):
    def refuse(path, record):
        raise OSError

    monkeypatch.setattr(descriptions, "write_json", refuse)
    assert describe(recorded, "matrix") == {"matrix": FUSED}
