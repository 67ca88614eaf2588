"""The command that recommends: its answers, its refusals, what it measures."""

from __future__ import annotations

import json
import sys

import pytest

from benchmarks import _measure
from benchmarks._session import session
from benchmarks._session.journal import Cell
from benchmarks._session.measured import BASELINE, Round
from scripts import recommend
from scripts._common import project
from scripts._common.amounts import parse_bytes, parse_whole
from scripts._common.errors import UserError
from scripts._measured import driver, journals, state
from tests._rows import KERNELS, SIZES, made_rows

INFO = {"bytes_per_value": 8, "passes": 2, "peer": "", "limited": False, "rtol": 1e-12}


@pytest.fixture
def call(monkeypatch, capsys):
    """Call the command on made-up results; return its output."""
    rows = made_rows()

    def choose(_tree, _threads, problem):
        return None, rows[rows["problem"] == problem]

    def run(*argv):
        monkeypatch.setattr(sys, "argv", ["recommend", *argv])
        assert recommend.main() == 0
        return capsys.readouterr().out

    monkeypatch.setattr(recommend, "choose_results", choose)
    return run


def test_the_best_stands_first_with_its_reason(call):
    lines = call("1,000", "100").splitlines()
    assert lines[2].split()[0] == "fused"
    assert lines[2].endswith("  fastest")
    assert "Measured at 1,000 x 100." in lines


def test_json_is_one_object_with_everything(call):
    found = json.loads(call("500", "50", "--json", "--calls", "50"))
    assert found["problem"] == "logistic"
    assert found["kind"] == "between"
    assert {each["implementation"] for each in found["choices"]} | set(found["left_out"]) == set(
        KERNELS
    )


def test_the_command_that_measures_names_what_is_not_default(call):
    text = call("500", "50", "--threads", "1")
    assert text.endswith("python -m scripts.recommend 500 50 --measure --threads 1\n")


def test_float32_asks_for_the_error_of_float32(call):
    assert call("100000", "100", "--dtype", "float32").splitlines()[2].split()[0] == "fused_float32"


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["0", "10"], "N is '0', expected a whole number of at least 1"),
        (["10", "1.5"], "D is '1.5', expected a whole number of at least 1"),
        (["ten", "10"], "N is 'ten'"),
        (["10"], "N and D are missing"),
        ([], "N and D are missing"),
        (["10", "10", "--problem", "logistc"], "did you mean logistic?"),
        (["10", "10", "--dtype", "double"], "no data type 'double'"),
        (["10", "10", "--threads", "0"], "--threads is '0'"),
        (["10", "10", "--calls", "0"], "--calls is '0'"),
        (["10", "10", "--max-error", "small"], "--max-error is 'small', expected a number above 0"),
        (["10", "10", "--max-error", "-1"], "--max-error is '-1'"),
        (["10", "10", "--max-workspace", "10 potatoes"], "expected bytes such as 4096, 10MB"),
        (["10", "10", "--max-workspace", ""], "--max-workspace is '', expected bytes"),
        (["", "10"], "N is '', expected a whole number"),
        (["10", "10", "--calls", "9" * 400], "--calls has 400 digits"),
        (["10", "10", "--validate", "3"], "--validate draws its own shapes"),
        (["", "--validate", "3"], "--validate draws its own shapes"),
        (["--validate", "3", "--calls", "5"], "--calls is not read: --validate draws its own"),
        (["--validate", "3", "--json"], "--json is not read: --validate "),
        (["10", "10", "--seed", "0"], "--seed is not read without --validate: add --validate, or"),
        (["--validate", "0"], "--validate is '0'"),
        (
            ["--validate", "3", "--seed", "x"],
            "--seed is 'x', expected a whole number of at least 0",
        ),
        (["2000000", "100"], "python -m scripts.recommend 2000000 100 --measure"),
        (
            ["10", "10", "--max-error", "1e-20"],
            "the smallest is that of matrix: --max-error 1.01e-16",
        ),
        (["500", "50", "--max-workspace", "1"], "fused: allocates 4.00 kB per call"),
    ],
)
def test_what_cannot_be_answered_says_what_to_do(call, argv, message):
    with pytest.raises(UserError) as caught:
        call(*argv)
    assert message in str(caught.value)


def test_ten_times_a_measured_size_is_not_too_far(call):
    assert "Extrapolated" in call("1000000", "100")


@pytest.mark.parametrize(
    ("text", "n_bytes"),
    [
        ("4096", 4096),
        ("10MB", 10_000_000),
        ("10 MB", 10_000_000),
        ("1GiB", 2**30),
        ("1.5 kib", 1536),
        ("7 b", 7),
        ("2TB", 2e12),
    ],
)
def test_amounts_of_memory(text, n_bytes):
    assert parse_bytes("it", text) == n_bytes


@pytest.mark.parametrize("text", ["", "MB", "1 2", "-1", "1ib", "1e3", "nan", "1MBB", "٣"])
def test_no_amounts_of_memory(text):
    with pytest.raises(UserError, match="expected bytes"):
        parse_bytes("it", text)


def test_digits_may_be_grouped():
    for text in ("1,000,000", "1_000_000", "1000000", " 001000000 ", "10_00_000"):
        assert parse_whole("N", text) == 10**6


@pytest.mark.parametrize("text", ["0,5", "1,5", "1,0000", "1,000_000", ",100", "1_", "1 000", "٣"])
def test_no_whole_numbers(text):
    with pytest.raises(UserError, match=f"N is '{text}', expected a whole number of at least 1"):
        parse_whole("N", text)


def test_a_number_of_thousands_of_digits_is_refused():
    with pytest.raises(UserError, match=r"N has 5000 digits, expected .* and 18 at most"):
        parse_whole("N", "9" * 5000)


def test_the_room_for_a_call_is_read_with_its_unit(call):
    found = json.loads(call("1000", "100", "--max-workspace", "8 kB", "--json"))
    assert {each["workspace"] for each in found["choices"]} == {8000.0}
    with pytest.raises(UserError, match=r"fused: allocates 8\.01 kB per call"):
        call("1001", "100", "--max-workspace", "8 kB")


@pytest.fixture
def kept(monkeypatch, tmp_path):
    """Let the command write into a folder, without asv, and pretend to measure; yields the jobs."""
    monkeypatch.setattr(driver, "STATE", tmp_path)
    monkeypatch.setattr(project, "PROVENANCE", tmp_path / "provenance")
    monkeypatch.setattr(project, "STATE", tmp_path)
    monkeypatch.setattr(_measure, "FOLDER", tmp_path / "session")
    monkeypatch.setattr(driver.Session, "environment", "same")
    monkeypatch.setattr(driver, "file_results", lambda *_: None)
    state.load_state.cache_clear()
    journals._open.cache_clear()
    done = []
    monkeypatch.setattr(session, "run", pretended(done, "ok"))
    return done


def pretended(done, word):
    """A session in which the names' times are 1 us, 2 us and so on, or there are none."""

    def measure(jobs, _settings, journal, _known, _generations, _on_seconds):
        for job in jobs:
            names = list(dict.fromkeys([*job.names, BASELINE]))
            times = {name: 1e-6 * (i + 1) for i, name in enumerate(names)} if word == "ok" else {}
            journal.add_round("0" * 12, job.data, Round(0, times, {8: 1e9}, {}))
            journal.add_cells(cell(job.data, name, word, journal.digest) for name in names)
        done.extend(jobs)
        return session.Split(1.0)

    return measure


def cell(data, name, word, digest):
    place = ("0" * 12, word, "" if word == "ok" else "too large", digest)
    shape = (data.n_samples, data.n_features)
    made = "2026-11-26T12:00:00+00:00"
    return Cell(data, name, *place, made, 1, shape=shape, info=INFO, costs={"error": 1e-16})


def test_a_size_is_measured_once_and_known_afterwards(kept, monkeypatch, capsys):
    argv = ["recommend", "20", "30", "--problem", "linear", "--measure"]
    monkeypatch.setattr(sys, "argv", argv)
    for _ in range(2):
        assert recommend.main() == 0
        assert "Measured at 20 x 30." in capsys.readouterr().out
    assert [job.data.title for job in kept] == ["20 x 30"]
    monkeypatch.setattr(sys, "argv", argv[:-1])
    assert recommend.main() == 0
    assert "Measured at 20 x 30." in capsys.readouterr().out


def test_a_size_that_memory_does_not_hold_is_refused(kept, monkeypatch, call):
    monkeypatch.setattr(session, "run", pretended(kept, "skipped"))
    with pytest.raises(UserError, match="2,000,000 x 100 cannot be measured here: too large"):
        call("2000000", "100", "--measure")


def test_a_trial_measures_the_choices_and_keeps_nothing(kept, call, tmp_path):
    text = call("--validate", "5", "--seed", "3")
    assert len(kept) == 5
    assert all(job.names[0] == "fused" and "fused_float32" not in job.names for job in kept)
    assert text.startswith("logistic, 5 shapes, seed 3\n")
    assert "within 10% of the best at 5 of 5 shapes (100.0%); the worst takes 1.00x" in text
    assert not (tmp_path / "session").exists()
    assert all(SIZES[0][0] <= job.data.n_samples <= SIZES[-1][0] for job in kept)


def limit(monkeypatch, sizes):
    """Let the command know some sizes alone."""
    rows = made_rows(sizes=sizes)
    monkeypatch.setattr(recommend, "choose_results", lambda *_, problem: (None, rows))


def test_a_trial_says_how_many_shapes_it_could_not_draw(kept, call, monkeypatch):
    limit(monkeypatch, [(10, 10)])
    text = call("--validate", "3")
    assert text.startswith("logistic, 1 shape, seed 0\n2 of 3 shapes not tried: the measured")


def test_a_trial_without_a_shape_says_what_to_do(kept, call, monkeypatch):
    limit(monkeypatch, [(10, 1000), (1009, 17)])
    with pytest.raises(UserError, match="no shape lies between the measured sizes of logistic"):
        call("--validate", "3")
