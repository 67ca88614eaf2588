"""Implementations that cheat, and honest ones that look suspicious.

``tests/cheats`` holds a file for each. A race and a session of the suite, on one thread and with
nothing else to do, catch all of the former and let the latter run.
"""

from __future__ import annotations

import math
import sys
from pathlib import Path

import pandas as pd
import pytest

from benchmarks import _measure, _plan
from benchmarks._session import flags, session
from benchmarks._session.inputs import Data
from benchmarks._session.journal import Journal, Known, Source
from benchmarks._session.statistics import Estimate
from benchmarks._session.values import FAULTS, values_of
from scripts import race
from tests._planting import plant

pytestmark = pytest.mark.alone
FILES = sorted((Path(__file__).parent / "cheats").glob("*.py"))
CHEATS = [path.stem for path in FILES if not path.stem.startswith("honest_")]
HONEST = [path.stem for path in FILES if path.stem.startswith("honest_")]


@pytest.fixture(scope="module")
def planted(tmp_path_factory):
    """A folder; while it lives, all files are installed as implementations."""
    folder = tmp_path_factory.mktemp("cheats")
    with pytest.MonkeyPatch.context() as monkeypatch:
        plant("linear", {path.stem: path.read_text() for path in FILES}, folder, monkeypatch)
        yield folder


@pytest.fixture(scope="module")
def records(planted):
    """The race's record of each implementation, by name, and its exit status."""
    with pytest.MonkeyPatch.context() as monkeypatch:
        size = ["--size", "2000", "50", "--threads", "1", "--dtype", "float64", "--rounds", "6"]
        argv = ["race", "--problem", "linear", *size, "--out", str(planted / "out")]
        argv += ["--generations", "1", "--contender", *CHEATS, *HONEST]
        monkeypatch.setattr(sys, "argv", argv)
        status = race.main()
    frame = pd.read_csv(planted / "out" / "race.csv")
    return {"status": status} | {row.contender: row for row in frame.itertuples()}


@pytest.fixture(scope="module")
def values(planted):
    """Values of each implementation by name and metric, as the suite's quick preset finds them."""
    kept = Journal(None, Source("", "", "1"), "x")
    settings = _measure.settings_of(_plan.presets()["quick"], "1")
    job = session.Job(Data("linear", 2000, 50), (*CHEATS, *HONEST))
    session.run([job], settings, kept, Known())
    cells = {name: cells[-1] for (_, name), cells in kept.known.cells.items()}
    base = cells["matrix"]
    return {
        name: values_of(cell, kept.known.measured([cell, base])) for name, cell in cells.items()
    }


def test_there_are_cheats_and_controls():
    assert len(CHEATS) >= 13
    assert len(HONEST) >= 3


@pytest.mark.parametrize("name", CHEATS)
def test_a_cheat_has_no_time_in_a_race(records, name):
    assert records[name].state in {"wrong", "too fast", "failed"}
    assert records[name].reason
    assert records["status"] == 2


@pytest.mark.parametrize("name", [*HONEST, "matrix"])
def test_who_is_honest_has_one_in_a_race(records, name):
    assert records[name].seconds > 0


@pytest.mark.parametrize("name", CHEATS)
def test_a_cheat_has_no_time_in_the_suite(values, name):
    for metric in ("time", "speed_up", "prepare", "workspace"):
        value = values[name][metric]
        assert math.isnan(value.value)
        assert value.state in FAULTS
        assert value.reason


@pytest.mark.parametrize("name", [*HONEST, "matrix"])
def test_who_is_honest_has_one_in_the_suite(values, name):
    assert values[name]["time"].state == "ok"
    assert values[name]["time"].value > 0


def test_the_limit_of_the_roof_leaves_room_and_allows_for_chance():
    assert flags.too_fast(Estimate(3.0, 1.3, 4.0))
    assert not flags.too_fast(Estimate(1.2, 1.1, 1.24))
    assert not flags.too_fast(Estimate(3.0, 1.0, 9.0))
    assert flags.too_fast(Estimate(6.0, float("nan"), float("nan")))
    assert not flags.too_fast(Estimate(4.8, float("nan"), float("nan")))


def test_one_round_at_new_weights_that_is_as_fast_clears_a_contender():
    assert not flags.keeps_answers([1.1, 9.0, 9.0], [1.0, 1.0, 1.0])
    assert "takes 4.0 times as long" in flags.keeps_answers([4.0, 9.0], [1.0, 1.0])
    assert not flags.keeps_answers([], [1.0])


def test_a_clock_that_is_slow_is_told_from_a_pipe_that_is():
    assert not flags.wrong_clock(0.2, 0.1)
    assert "shows 0.001 s" in flags.wrong_clock(0.2, 0.001)


def test_processors_beyond_the_threads_are_counted():
    assert not flags.too_many_processors(1.2, 1)
    assert not flags.too_many_processors(2.3, 2)
    assert "uses 2.0 processors, where 1" in flags.too_many_processors(2.0, 1)
