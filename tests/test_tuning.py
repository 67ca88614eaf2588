"""Numbers of the engine that are tuned on a machine: the file, the choice, and what they change."""

import subprocess
import sys
from pathlib import Path

import pytest

from impls import _provenance, _tuned
from impls._errors import BadTuning
from impls._onepass.tuning import defaults
from scripts import race
from scripts._race import tuning
from scripts._race.tuning import Answer, Question

ROOT = Path(__file__).parents[1]
QUESTION = Question("prefetch_bytes", (64, 4096), ((50, 10),))
NUMBERS = {"step_rows": 4, "prefetch_bytes": 4096}


@pytest.fixture
def file(tmp_path, monkeypatch):
    path = tmp_path / "numbers.toml"
    monkeypatch.setenv(_tuned.VARIABLE, str(path))
    return path


def test_what_is_written_is_read(file):
    _tuned.write(file, NUMBERS)
    assert _tuned.tuned() == NUMBERS


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("step_rows = 5", "step_rows is 5, expected 4 or 8"),
        ("parts = 0", "parts is 0, expected a whole number from 1 to 8"),
        ("parts = 9", "parts is 9, expected a whole number from 1 to 8"),
        ("step_rows = 4.0", "step_rows is 4.0, expected 4 or 8"),
        ("parts = true", "parts is True, expected a whole number from 1 to 8"),
        ("parts = '3'", "parts is '3', expected a whole number from 1 to 8"),
        ("rows = 4", "'rows' is no number, expected one of memory_vector_bytes, step_rows, "),
        ("[parts]\nrows = 4", "parts is a dict, expected a whole number"),
        ("parts = 2\nparts = 3", "Cannot overwrite a value"),
        ("parts", "Expected '=' after a key"),
        ("parts = " + "[" * 5000, "holds no tuned numbers"),
        ("parts = 1\x00", "holds no tuned numbers"),
        (b"parts = 1 # \xff", "invalid start byte"),
        ("#" * 2**17, "expected at most"),
    ],
)
def test_a_file_that_holds_anything_else_is_named_with_what_is_wrong(file, text, said):
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(BadTuning) as error:
        _tuned.tuned()
    sentence = str(error.value)
    assert sentence.startswith(f"{file} holds no tuned numbers (")
    assert said in sentence
    assert sentence.endswith("delete it, or tune again: python -m scripts.race --tune")


def test_a_file_that_is_named_and_missing_is_told(file):
    with pytest.raises(BadTuning, match=r"^GRADMARK_TUNING names .*numbers.toml, which does not "):
        _tuned.tuned()


def test_a_folder_in_the_place_of_the_file_is_told(file):
    file.mkdir()
    with pytest.raises(BadTuning, match="it is a folder, expected a file"):
        _tuned.tuned()


def test_a_machine_that_was_not_tuned_has_no_numbers(monkeypatch, tmp_path):
    monkeypatch.delenv(_tuned.VARIABLE, raising=False)
    monkeypatch.setattr(_tuned, "_FOLDER", tmp_path)
    assert _tuned.tuned() == {}
    _tuned.write(_tuned.path_of_machine(), NUMBERS)
    assert _tuned.tuned() == NUMBERS
    monkeypatch.setattr(_tuned._machine, "cache_bytes", lambda: {1: 1})  # another machine's
    assert _tuned.tuned() == {}
    monkeypatch.undo()


def test_an_empty_name_stands_for_the_defaults(file, monkeypatch, tmp_path):
    monkeypatch.setattr(_tuned, "_FOLDER", tmp_path)
    _tuned.write(_tuned.path_of_machine(), NUMBERS)
    monkeypatch.setenv(_tuned.VARIABLE, "")
    assert _tuned.tuned() == {}


def test_numbers_are_a_setting_that_values_depend_on(file):
    _tuned.write(file, {})
    assert "tuning" not in _provenance.read_settings()
    _tuned.write(file, NUMBERS)
    assert _provenance.read_settings()["tuning"] == "prefetch_bytes=4096 step_rows=4"


def test_each_number_may_be_tuned_and_its_default_and_candidates_are_allowed():
    numbers = vars(defaults()[1])
    assert list(numbers) == list(_tuned.ALLOWED) == [each.number for each in tuning.QUESTIONS]
    for question in tuning.QUESTIONS:
        for number in (numbers[question.number], *question.candidates):
            assert number in _tuned.ALLOWED[question.number]


def test_a_changed_number_reaches_the_compiled_engine(file):
    """The key of compiled code changes with it, and so does the step that is compiled."""
    code = """
import numpy as np
from impls._onepass import entries, passes
from impls._onepass.tuning import tuning
print(entries.digest(), passes._PIPE, tuning().prefetch_bytes)
"""
    found = []
    for step_rows in (4, 8):
        _tuned.write(file, {"step_rows": step_rows, "prefetch_bytes": 128})
        done = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT
        )
        digest, *numbers = done.stdout.split()
        assert numbers == [str(step_rows), "128"]
        found.append(digest)
    assert len(set(found)) == 2


def test_a_bad_file_stops_the_engine_with_one_line(file):
    file.write_text("step_rows = 5")
    code = "import impls; impls.load('logistic', 'fused')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode != 0
    assert "step_rows is 5, expected 4 or 8" in done.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    ("ratios", "expected"),
    [
        ({4096: [0.9, 0.91, 0.9, 0.89]}, 4096),
        ({4096: [0.9, 0.91, 0.9, 0.89], 64: [0.8, 0.81, 0.8, 0.8]}, 64),
        ({4096: [0.5, 1.2, 0.6, 1.1]}, 8192),  # chance
        ({4096: [0.99, 0.99, 0.991, 0.99]}, 8192),  # certain, and hardly anything
        ({4096: [1.1, 1.11, 1.1, 1.1]}, 8192),
        ({4096: [0.9, 0.9]}, 8192),  # two generations cover too little
        ({}, 8192),
    ],
)
def test_what_is_certainly_faster_takes_the_place_of_the_default(ratios, expected):
    answer = Answer(QUESTION, 8192, ratios)
    assert answer.chosen == expected
    assert tuning.chosen([answer]) == ({} if expected == 8192 else {"prefetch_bytes": expected})
    keeps = "keep" if expected == 8192 else "set"
    assert answer.text.splitlines()[-1] == f"    {keeps} prefetch_bytes = {expected}"


def test_ratios_are_paired_within_rounds():
    """A machine that slows down changes none of them."""

    class Slowing:
        clock = 0.0

        def __init__(self, seconds):
            self.seconds = seconds

        def tell(self, word, *size):
            if word == "time":
                Slowing.clock += 0.01

        def answer(self):
            return self.seconds * (1 + Slowing.clock)

    runners = {8192: Slowing(2.0), 64: Slowing(1.0)}
    found = tuning.race(runners, 8192, [(1, 1), (2, 2)], rounds=31)
    assert found == {64: pytest.approx(0.5, rel=0.01)}


def test_rounds_stop_when_five_minutes_would_not_do(monkeypatch):
    clock = iter(range(0, 10_000, 90))
    monkeypatch.setattr(tuning, "monotonic", lambda: next(clock))
    monkeypatch.setattr(tuning, "race", lambda *_: {64: 1.0})
    monkeypatch.setattr(tuning, "running", lambda *_: race.nullcontext({}))
    (answer,) = tuning.tune([QUESTION], {"prefetch_bytes": 8192}, Path(), 1, generations=9)
    assert len(answer.ratios[64]) == 3


def test_a_tiny_real_run_keeps_what_it_finds(monkeypatch, tmp_path, capsys):
    monkeypatch.delenv(_tuned.VARIABLE, raising=False)
    monkeypatch.setattr(_tuned, "_FOLDER", tmp_path)
    tiny = Question("resident_bytes", (0,), ((20, 10),))
    monkeypatch.setattr(tuning, "QUESTIONS", (tiny,))
    options = ["race", "--tune", "--threads", "1", "--rounds", "1", "--generations", "1"]
    monkeypatch.setattr(sys, "argv", options)
    assert race.main() == 0
    out = capsys.readouterr().out
    assert "defaults: those of " in out
    assert "keep resident_bytes" in out  # one generation is never enough
    assert f"written: {_tuned.path_of_machine()}" in out
    assert _tuned.tuned() == {}


def test_an_interrupt_leaves_the_old_numbers(monkeypatch, tmp_path):
    monkeypatch.delenv(_tuned.VARIABLE, raising=False)
    monkeypatch.setattr(_tuned, "_FOLDER", tmp_path)
    _tuned.write(_tuned.path_of_machine(), NUMBERS)

    def stopped(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(tuning, "race", stopped)
    monkeypatch.setattr(tuning, "Runner", Quiet)
    monkeypatch.setattr(sys, "argv", ["race", "--tune"])
    with pytest.raises(KeyboardInterrupt):
        race.main()
    assert _tuned.tuned() == NUMBERS
    assert Quiet.n_running == 0


class Quiet:
    """A process that is none."""

    n_running = 0

    def __init__(self, *_):
        Quiet.n_running += 1

    def end(self):
        Quiet.n_running -= 1


def test_a_process_that_ends_early_is_told(monkeypatch, tmp_path):
    monkeypatch.setattr(tuning.sys, "executable", "/bin/false")
    runner = tuning.Runner({}, tmp_path / "numbers.toml", tmp_path, 1)
    try:
        with pytest.raises(race.UserError, match="ended with status 1"):
            runner.answer()
    finally:
        runner.end()
