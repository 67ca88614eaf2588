"""The race: its results and tables, its command line, and a race from end to end."""

from __future__ import annotations

import math
import re
import sys
from dataclasses import replace

import pandas as pd
import psutil
import pytest

from benchmarks._session.crew import Settings
from benchmarks._session.inputs import Data
from benchmarks._session.measured import TWIN, Measured, Round
from benchmarks._session.process import Out
from benchmarks._session.statistics import Estimate
from impls import _table
from scripts import _figures, race
from scripts._common.errors import UserError
from scripts._common.facts import Facts
from scripts._race import options
from scripts._race.result import Race, Result
from scripts._tables import race as race_tables
from tests._planting import plant

SETTINGS = Settings("logistic", ("matrix",), 1, 3, widths=(8, 4), costs=False)
SECONDS = {
    "matrix": [8e-6] * 6,
    "ours": [2e-6, 2e-6, 4e-6] * 2,
    "theirs": [4e-6] * 6,
    "small": [3e-6] * 6,
    "pixels": [3.5e-6] * 6,
    "rough": [1e-6] * 6,
}


def info(bytes_per_value=8, peer="", rtol=1e-12):
    told = {"bytes_per_value": bytes_per_value, "peer": peer, "rtol": rtol}
    return told | {"passes": None, "limited": False}


def made_result(n_rounds=6, **seconds):
    """Rounds of 10 x 10: matrix 8 us, ours 2 us, a library 4 us, in float64."""
    own = {name: times for name, times in (SECONDS | seconds).items() if times}
    rounds = [
        Round(0, {name: times[number] for name, times in own.items()}, {8: 2e9}, {})
        for number in range(n_rounds)
    ]
    infos = {
        "matrix": info(peer="NumPy"),
        "ours": info(),
        "theirs": info(peer="Library"),
        "small": info(4, rtol=1e-5),
        "pixels": info(1),
        "rough": info(2, rtol=1e-2),
        TWIN: info(peer="NumPy"),
    }
    return Result(
        Measured(
            Data("logistic", 10, 10),
            (10, 10),
            infos,
            rounds=rounds,
            out={"gone": Out("died", "killed by SIGKILL")},
            notes=["6 rounds, not 15: a round takes 20 s"],
        )
    )


def test_figures_of_a_size():
    result = made_result()
    assert result.measured.speed_up("ours") == Estimate(4, 2, 4)
    # 8 * (100 + 10 + 20) bytes in 2 us are 0.52 GB/s.
    assert result.measured.roof_fraction("ours").value == pytest.approx(0.26)
    assert result.measured.roof_speed_up(8).value == pytest.approx(4 / 0.26)
    assert math.isnan(result.measured.roof_fraction("small").value)
    assert math.isnan(result.measured.roof_speed_up(4).value)
    assert result.rivals(8) == ("ours", "theirs")
    assert result.advantage(8).value == 2
    assert result.rivals(4) is None


def test_few_bytes_are_compared_with_what_is_as_exact():
    result = made_result()
    assert "pixels" in result.comparable(8)
    assert "pixels" in result.comparable(4)
    assert "rough" not in result.comparable(8) + result.comparable(4)
    assert "small" not in result.comparable(8)


def test_the_table_names_the_winner_the_rivals_and_who_is_missing():
    text = race_tables.size_table(made_result())
    assert text.startswith("## 10 x 10, X of 800 B, 6 rounds")
    row = next(line for line in text.splitlines() if line.startswith("| ours "))
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    assert cells == ["ours", "float64", "", "2.00 us", "4.00x [2.00, 4.00]", "0.26"]
    assert "Fastest: rough, 8.00x [8.00, 8.00] over matrix." in text
    assert "float64: our fastest, ours, is 2.00x [1.00, 2.00] over Library's theirs." in text
    assert "float64: X read once at the roof would be 15.4x [15.4, 15.4] over matrix." in text
    assert "Note: 6 rounds, not 15: a round takes 20 s." in text
    assert "no intervals" not in text
    assert "- gone: died: killed by SIGKILL" in text


def test_a_table_of_few_rounds_says_that_it_has_no_intervals():
    result = made_result(1)
    text = race_tables.size_table(result)
    row = next(line for line in text.splitlines() if line.startswith("| ours "))
    assert [cell.strip() for cell in row.strip("|").split("|")][4] == "4.00x"
    assert "float64: our fastest, ours, is 2.00x over Library's theirs." in text
    assert "Note: no intervals: those need 6 rounds." in text
    assert (
        "beats the fastest library in 1 of 1 sizes (the interval is above 1x in 0, below in 0)"
        in race_tables.overall_table(Race(SETTINGS, (result,)))
    )
    assert _figures.draw("race", Race(SETTINGS, (result,)), facts()) is not None


def test_the_outcome_over_all_sizes():
    slower = made_result(ours=[8e-6] * 6, pixels=[8e-6] * 6)
    text = race_tables.overall_table(Race(SETTINGS, (made_result(), slower)))
    assert (
        "float64: our fastest beats the fastest library in 1 of 2 sizes (the interval is " in text
    )
    assert "above 1x in 0, below in 1); geometric mean 1.00x" in text
    assert "float32: no size with one of ours and a peer" in text
    assert "pip install" not in text


def test_the_outcome_says_which_libraries_were_not_there(monkeypatch):
    installed = {"jax": False, "torch": True}
    monkeypatch.setattr(_table, "_is_installed", lambda package: installed.get(package, True))
    names = ("matrix", "jax", "jax_float32", "torch")
    settings = replace(SETTINGS, problem="softmax", names=names)
    absent = race._absent(settings)
    assert absent == ("jax",)
    text = race_tables.overall_table(Race(settings, (made_result(),), absent))
    assert text.endswith("\n\nNot installed here, and so not raced: pip install jax")


def test_records_hold_who_was_raced_and_who_was_not():
    records = {record["contender"]: record for record in race_tables.race_records(made_result())}
    assert records["ours"]["speed_up"] == 4
    assert records["gone"]["reason"] == "killed by SIGKILL"


def test_the_twin_wins_nothing_and_tells_what_is_chance():
    result = made_result(**{TWIN: [4e-6] * 3 + [8e-6] * 3, "rough": None})
    assert TWIN not in result.ranking()
    assert result.rivals(8) == ("ours", "theirs")
    text = race_tables.size_table(result)
    assert "By chance: matrix is 1.50x [1.00, 2.00] over its own twin." in text
    (record,) = (each for each in race_tables.race_records(result) if each["contender"] == TWIN)
    assert (record["state"], record["speed_up"]) == ("twin", 1.5)


def test_a_size_without_the_baseline_has_no_speed_up():
    result = made_result(matrix=None)
    assert "n/a" in race_tables.size_table(result)
    assert _figures.draw("race", Race(SETTINGS, (result,)), facts()) is None


def facts():
    return Facts("command", "", "", "", "", 1, 1, {1: 1}, {}, "", 0.0)


def test_the_figure_has_a_panel_per_precision_and_a_mark_per_contender():
    figure = _figures.draw("race", Race(SETTINGS, (made_result(),)), facts())
    panels = {axes.get_title(loc="left"): axes for axes in figure.axes}
    assert set(panels) == {"float64", "float32"}
    marks = [line for line in panels["float64"].lines if len(line.get_xdata()) == 1]
    bars = [line for line in panels["float64"].lines if line.get_xdata()[-1] == 0.5]
    assert [line.get_ydata()[0] for line in bars] == pytest.approx([8 * 1.923], rel=1e-3)
    assert sorted(line.get_ydata()[0] for line in marks) == pytest.approx([2, 8 / 3.5, 4])
    assert [text.get_text() for text in panels["float32"].get_xticklabels()] == ["10 × 10"]


# The command line


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["--problem", "logistik"], "no problem 'logistik'; did you mean logistic?"),
        (["--contender", "matrx"], "no implementation of logistic 'matrx'; did you mean matrix?"),
        (["--dtype", "float16"], "no data type 'float16'"),
        (["--size", "10", "0"], "--size is 10 0, expected two numbers of at least 1"),
        (["--threads", "0"], "--threads is '0', expected all or a number from 1 to"),
        (["--rounds", "0"], "--rounds is 0, expected at least 1"),
        (["--generations", "0"], "--generations is 0, expected at least 1"),
        (["--contender", "fused", "--fail-below", "0"], "--fail-below is 0, expected a ratio"),
        (["--contender", "fused", "--fail-below", "nan"], "--fail-below is nan, expected a ratio"),
        (["--fail-below", "0.9"], "is for one implementation besides matrix: name it"),
        (
            ["--contender", "fused", "--generations", "2", "--fail-below", "0.9"],
            "needs 3 generations of processes, and --generations is 2",
        ),
    ],
)
def test_race_refuses_what_makes_no_sense(argv, message):
    arguments = options.parse(None, argv)
    with pytest.raises(UserError) as caught:
        options.sizes_of(arguments)
        options.settings_of(arguments)
    assert message in str(caught.value)


def gated(speed_ups, limit=0.95):
    """Sizes that the gate names, of a contender with these speed-ups in three generations."""
    rounds = [
        Round(generation, {"matrix": speed_up, "mine": 1.0}, {8: 2e9}, {})
        for generation, speed_up in enumerate(speed_ups)
    ]
    measured = Measured(Data("logistic", 10, 10), (10, 10), {}, rounds=rounds)
    settings = Settings("logistic", ("matrix", "mine"), 1)
    return race._too_slow([Result(measured)], settings, limit)


def test_the_gate_closes_only_if_the_whole_interval_lies_below():
    assert gated([0.800, 0.801, 0.802]) == ["10 x 10"]
    assert gated([0.800, 0.801, 0.802], limit=0.79) == []
    assert gated([0.70, 0.90, 0.80]) == []  # the median is below, the interval is not
    assert gated([0.8, 0.8]) == []  # two generations show nothing


def test_sizes_go_from_small_to_large_and_once():
    argv = [text for n_samples in ("100", "10", "100") for text in ("--size", n_samples, "10")]
    sizes = options.sizes_of(options.parse(None, argv))
    assert sizes == [(10, 10), (100, 10)]


def test_the_grid_ends_at_two_gigabytes():
    grid = options.sizes_of(options.parse(None, ["--grid"]))
    assert (10, 10) in grid
    assert (1_000_000, 100) in grid
    assert (1_000_000, 1000) not in grid
    assert (100_000, 10_000) not in grid


def test_the_baseline_takes_part_in_every_race():
    settings = options.settings_of(
        options.parse(None, ["--contender", "float32", "--dtype", "float32"])
    )
    assert settings.names == ("matrix", "float32")
    assert settings.widths == (4,)


# Processes

PLUGINS = {
    "fine": "",
    "off": "    return (1 / (1 + np.exp(-X @ weights)) - y) @ X * 1.001",
    # Leaves a process in its own session, which no signal to the contender's group reaches.
    "dies": (
        "    child = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'],"
        " start_new_session=True)\n"
        "    pathlib.Path(__file__).with_name('child').write_text(str(child.pid))\n"
        "    print('last words', file=sys.stderr, flush=True)\n    os.kill(os.getpid(), 9)"
    ),
    "picky": (
        "    pass\ndef prepare(X, y):\n    from impls import Unfit\n"
        "    raise Unfit('X is not whole')"
    ),
    "choosy": "    pass\ndef prepare(X, y):\n    raise ValueError('a fault of its own')",
    "writes": "    y[:] = 0\n    return (1 / (1 + np.exp(-X @ weights)) - y) @ X",
    "keeps": (
        "    calls or calls.append((1 / (1 + np.exp(-X @ weights)) - y) @ X)\n"
        "    return calls[0].copy()"
    ),
    # Wrong from the sixth call on: in the timed calls, and in the check after them.
    "keeps_later": (
        "    right = (1 / (1 + np.exp(-X @ weights)) - y) @ X\n"
        "    if X.shape != (10, 10):\n        return right\n"
        "    if len(calls) < 5:\n        calls.append(right)\n    return calls[-1].copy()"
    ),
    "leaves": "    raise KeyboardInterrupt",
    "raises": "    return 1 / 0",
    "absent": "    import gradmark_test_absent",
    # Calls so long that a sample is one call: 3 to verify, 4 to count, then 2 in each round.
    "tires": (
        "    if X.shape == (10, 10):\n        calls.append(sum(range(1_000_000)))\n"
        "    if len(calls) == 10:\n        os._exit(3)\n"
        "    return (1 / (1 + np.exp(-X @ weights)) - y) @ X"
    ),
}
RIGHT = "    print('noise')\n    return (1 / (1 + np.exp(-X @ weights)) - y) @ X"


def test_a_spreadsheet_takes_no_text_of_a_race_for_a_formula(tmp_path):
    result = made_result()
    result.measured.out["odd"] = Out("failed", '=HYPERLINK("http://a")')
    facts = Facts("", "", "", "", "", 1, 1, {1: 1}, {}, "", 0.0)
    race._write(Race(SETTINGS, (result,)), facts, tmp_path)
    rows = pd.read_csv(tmp_path / "race.csv").set_index("contender")
    assert rows["reason"]["odd"] == '\'=HYPERLINK("http://a")'
    assert rows["seconds"]["ours"] == pytest.approx(2e-6)


@pytest.fixture
def plugins(tmp_path, monkeypatch):
    """Contenders of all kinds, installed for this process and for those that it starts."""
    sources = {}
    for name, body in PLUGINS.items():
        head = "import os, pathlib, subprocess, sys\nimport numpy as np\ncalls = []\n"
        head += "import gradmark_test_absent\n" if name == "absent" else ""
        sources[name] = f"{head}def gradient(weights, X, y):\n{body or RIGHT}\n"
    plant("logistic", sources, tmp_path, monkeypatch)


def has_ended(pid):
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def test_a_race_from_end_to_end(plugins, tmp_path, monkeypatch, capsys):
    out = tmp_path / "out"
    argv = ["race", "--size", "10", "10", "--rounds", "2", "--generations", "1", "--threads", "1"]
    contenders = ["--contender", *PLUGINS, "nested_loop", "float32"]
    monkeypatch.setattr(sys, "argv", [*argv, "--out", str(out), *contenders])
    assert race.main() == 2
    text = capsys.readouterr().out.replace(r"\|", "|")  # Markdown
    for name in ("matrix", "fine", "nested_loop", "float32"):
        assert f"| {name} " in text
    assert "- off: wrong: |z| = 1e4: component 0: got " in text
    assert "- dies: died while it was prepared or its gradient ran: killed by SIGKILL; last" in text
    assert has_ended(int((tmp_path / "child").read_text()))
    # How many calls are made before the timing depends on the machine.
    assert re.search(r"- tires: died while it[a-z ]* was [a-z]+: exit status 3", text)
    assert "| tires " not in text
    assert "- picky: refused: X is not whole" in text
    assert "- choosy: failed: ValueError: a fault of its own" in text
    assert "- writes: wrong: |z| = 1e4: it writes into y" in text
    assert (
        "- keeps: wrong: |z| = 1e4: it gives the answer of the first call again for other" in text
    )
    assert "- keeps_later: wrong: " in text
    assert "| keeps_later " not in text
    assert "- leaves: failed: RuntimeError: it raises KeyboardInterrupt()" in text
    assert "- raises: failed: ZeroDivisionError: division by zero" in text
    assert "- absent: unavailable: " in text
    assert "pip install gradmark_test_absent" in text
    assert {path.name for path in out.iterdir()} == {"race.md", "race.csv", "race.png", "race.svg"}
    page = (out / "race.md").read_text(encoding="utf-8")
    assert "--rounds 2" in page
    assert "Other work on the machine" in page
