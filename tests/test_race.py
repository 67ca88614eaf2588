"""The race: its statistics, its contenders, its processes and its interruption."""

from __future__ import annotations

import math
import os
import sys
from pathlib import Path

import numpy as np
import psutil
import pytest

from impls import _machine
from scripts import _figures, race
from scripts._common import families
from scripts._common.errors import Out, UserError
from scripts._common.facts import Facts
from scripts._common.process import Process
from scripts._race import cell as race_cell
from scripts._race import inputs, statistics
from scripts._race.result import Race, RaceSettings, Result
from scripts._tables import race as race_tables
from tests._planting import plant

GIGABYTE = 10**9


# Statistics of the rounds


@pytest.mark.parametrize(
    ("n_values", "low", "high"),
    # P(Binomial(n, 1/2) = 0) is 1/32 for 5 and 1/64 for 6: 2.5 % lies between them. Of 15,
    # P(at most 3) is 576/32768 = 1.8 %, P(at most 4) is 5.9 %; of 8, P(at most 1) is 3.5 %.
    [(6, 1, 6), (8, 1, 8), (15, 4, 12)],
)
def test_the_interval_lies_between_order_statistics(n_values, low, high):
    estimate = statistics.estimate([*range(n_values, 0, -1)])
    assert (estimate.low, estimate.high) == (low, high)
    assert estimate.value == (n_values + 1) / 2


@pytest.mark.parametrize("n_values", [1, 5])
def test_few_rounds_have_a_median_and_no_interval(n_values):
    estimate = statistics.estimate([2.0] * n_values)
    assert estimate.value == 2
    assert math.isnan(estimate.low)
    assert math.isnan(estimate.high)


SETTINGS = RaceSettings("logistic", ("matrix",), (8, 4), 1, 3, False)


def test_ratios_are_taken_within_a_round():
    """The ratio of the medians 4 and 1 would be 4; the rounds' own ratios are 1, 2 and 10."""
    ratio = statistics.ratio([4.0, 2.0, 10.0] * 2, [4.0, 1.0, 1.0] * 2)
    assert (ratio.low, ratio.value, ratio.high) == (1, 2, 10)


def test_a_geometric_mean_cancels_twice_and_half():
    assert statistics.geometric_mean([2.0, 0.5]) == pytest.approx(1)
    assert statistics.geometric_mean([2.0, 8.0]) == pytest.approx(4)
    assert math.isnan(statistics.geometric_mean([]))


def info(bytes_per_value=8, peer="", rtol=1e-12):
    told = {"bytes_per_value": bytes_per_value, "peer": peer, "rtol": rtol, "moves_alone": False}
    return told | {"family": families.family_of({"PEER": peer}, 1)}


def made_result():
    """Six rounds of 10 x 10: matrix 8 us, ours 2 us, a library 4 us, in float64."""
    return Result(
        "logistic",
        10,
        10,
        infos={
            "matrix": info(peer="NumPy"),
            "ours": info(),
            "theirs": info(peer="Library"),
            "small": info(4, rtol=1e-5),
            "pixels": info(1),
            "rough": info(2, rtol=1e-2),
        },
        seconds={
            "matrix": [8e-6] * 6,
            "ours": [2e-6, 2e-6, 4e-6] * 2,
            "theirs": [4e-6] * 6,
            "small": [3e-6] * 6,
            "pixels": [3.5e-6] * 6,
            "rough": [1e-6] * 6,
        },
        roofs={8: [2e9] * 6},
        out={"gone": Out("died", "killed by SIGKILL")},
        notes=["6 rounds, not 15: a round takes 20 s"],
    )


def test_figures_of_a_size():
    result = made_result()
    assert result.speed_up("ours") == statistics.Estimate(4, 2, 4)
    # 8 * (100 + 10 + 20) bytes in 2 us are 0.52 GB/s.
    assert result.roof_fraction("ours").value == pytest.approx(0.26)
    assert result.roof_speed_up(8).value == pytest.approx(4 / 0.26)
    assert math.isnan(result.roof_fraction("small").value)
    assert math.isnan(result.roof_speed_up(4).value)
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
    result = made_result()
    for seconds in (result.seconds, result.roofs):
        seconds |= {name: times[:1] for name, times in seconds.items()}
    text = race_tables.size_table(result)
    row = next(line for line in text.splitlines() if line.startswith("| ours "))
    assert [cell.strip() for cell in row.strip("|").split("|")][4] == "4.00x"
    assert "float64: our fastest, ours, is 2.00x over Library's theirs." in text
    assert "Note: no intervals: those need 6 rounds." in text
    assert "faster in 1 of 1 sizes (the interval is above 1x in 0, below in 0)" in (
        race_tables.overall_table([result], [8])
    )
    assert _figures.draw("race", Race(SETTINGS, (result,)), facts()) is not None


def test_the_outcome_over_all_sizes():
    slower = made_result()
    slower.seconds["ours"] = slower.seconds["pixels"] = [8e-6] * 6
    text = race_tables.overall_table([made_result(), slower], [8, 4])
    assert "float64: ours is faster in 1 of 2 sizes (the interval is above 1x in 0" in text
    assert "below in 1); geometric mean 1.00x" in text
    assert "float32: no size with one of ours and a peer" in text


def test_records_hold_who_was_raced_and_who_was_not():
    records = {record["contender"]: record for record in race_tables.race_records(made_result())}
    assert records["ours"]["speed_up"] == 4
    assert records["gone"]["reason"] == "killed by SIGKILL"


def test_moves_stand_below_their_contender_and_win_nothing():
    result = made_result()
    moves = result.name_moves("ours")
    result.moves[moves] = [1e-6] * 6
    result.infos[moves] = result.infos["ours"]
    names = [record["contender"] for record in race_tables.race_records(result)]
    assert names[:3] == ["rough", "ours", moves]
    record = race_tables.race_records(result)[2]
    assert (record["state"], record["speed_up"]) == ("moves alone", 8)
    assert result.rivals(8) == ("ours", "theirs")
    assert "Fastest: rough" in race_tables.size_table(result)


def test_a_size_without_the_baseline_has_no_speed_up():
    result = made_result()
    del result.seconds["matrix"]
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


# Rounds and memory


@pytest.mark.parametrize(
    ("asked", "seconds", "n_rounds"),
    [(15, 0.0, 15), (15, 4.0, 15), (15, 6.0, 10), (15, 1000.0, 6), (3, 1000.0, 3)],
)
def test_rounds_become_fewer_where_they_take_long(asked, seconds, n_rounds):
    assert race_cell.count_rounds(asked, seconds) == n_rounds


COPIES = {"matrix": 0.0, "turned": 1.0, "small": 0.5}


def test_everyone_gets_its_own_data_where_memory_holds_that():
    # 3 of their own and 1.5 of prepare, and 0.105 GB of spare each.
    for available, own_copy in ((4.9, True), (4.7, False)):
        plan = inputs.plan_memory(COPIES, GIGABYTE, int(available * GIGABYTE))
        assert plan == inputs.Plan(own_copy, {})


def test_otherwise_all_share_one_and_those_who_need_most_lack_memory():
    plan = inputs.plan_memory(COPIES, GIGABYTE, int(1.5 * GIGABYTE))
    assert not plan.own_copy
    assert plan.lacking == {
        "turned": "needs 1.10 GB of memory beside 710 MB of the others, 1.50 GB are available"
    }


def test_the_baseline_comes_first():
    plan = inputs.plan_memory({"matrix": 2.0, "none": 0.0}, GIGABYTE, int(2.2 * GIGABYTE))
    assert set(plan.lacking) == {"none"}


def test_a_size_that_cannot_be_drawn_is_skipped(monkeypatch):
    monkeypatch.setattr(_machine, "available_memory", lambda: GIGABYTE)
    settings = RaceSettings("logistic", ("matrix",), (8,), 1, 3, False)
    result = race_cell.race_size(settings, (100_000, 1000), lambda: None)
    assert result.out["matrix"].reason == (
        "to draw X needs 1.70 GB of memory, 1.00 GB are available"
    )


def test_pixels_are_whole_numbers_over_255():
    with inputs.on_disk("logistic", 20, 3, pixels=True) as data:
        X = np.load(data.files["X"])
    np.testing.assert_array_equal(np.rint(X * 255) / 255, X)
    assert 0 <= X.min() < 0.2 < 0.8 < X.max() <= 1


def test_the_data_have_no_name_that_a_killed_race_could_leave(tmp_path, monkeypatch):
    if not inputs._DESCRIPTORS.is_dir():
        pytest.skip("files without a name are opened by /proc, which is not here")
    monkeypatch.setattr(inputs, "_SHARED_MEMORY", tmp_path)
    with inputs.on_disk("logistic", 20, 3, pixels=False) as data:
        assert np.load(data.files["X"], mmap_mode="r").shape == (20, 3)
        assert not [*tmp_path.iterdir()]
        assert data.files["X"].startswith(f"/proc/{os.getpid()}/fd/")


def test_elsewhere_the_data_have_a_folder_that_goes(tmp_path, monkeypatch):
    monkeypatch.setattr(inputs, "_DESCRIPTORS", tmp_path / "none")
    with inputs.on_disk("logistic", 20, 3, pixels=False) as data:
        assert np.load(data.files["y"]).shape == (20,)
        folder = Path(data.files["X"]).parent
    assert not folder.exists()


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
    ],
)
def test_race_refuses_what_makes_no_sense(argv, message):
    arguments = race._parse(argv)
    with pytest.raises(UserError) as caught:
        race._sizes(arguments)
        race._settings(arguments)
    assert message in str(caught.value)


def test_sizes_go_from_small_to_large_and_once():
    argv = [text for n_samples in ("100", "10", "100") for text in ("--size", n_samples, "10")]
    sizes = race._sizes(race._parse(argv))
    assert sizes == [(10, 10), (100, 10)]


def test_the_grid_ends_at_two_gigabytes():
    grid = race._sizes(race._parse(["--grid"]))
    assert (10, 10) in grid
    assert (1_000_000, 100) in grid
    assert (1_000_000, 1000) not in grid
    assert (100_000, 10_000) not in grid


def test_the_baseline_takes_part_in_every_race():
    settings = race._settings(race._parse(["--contender", "float32", "--dtype", "float32"]))
    assert settings.contenders == ("matrix", "float32")
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
        "    if len(calls) < 5:\n        calls.append((1 / (1 + np.exp(-X @ weights)) - y) @ X)\n"
        "    return calls[-1].copy()"
    ),
    "leaves": "    raise KeyboardInterrupt",
    "raises": "    return 1 / 0",
    "absent": "    import gradmark_test_absent",
    "lean": (
        "    right = (1 / (1 + np.exp(-X @ weights)) - y) @ X\n    return right * (not calls)\n"
        "def MOVES_ALONE():\n    calls.append(os.environ['NUMBA_CACHE_DIR'])"
    ),
    # Calls so long that a sample is one call: 4 to verify, 3 to count, then 2 in each round.
    "tires": (
        "    calls.append(sum(range(1_000_000)))\n    if len(calls) == 10:\n        os._exit(3)\n"
        "    return (1 / (1 + np.exp(-X @ weights)) - y) @ X"
    ),
}
RIGHT = "    print('noise')\n    return (1 / (1 + np.exp(-X @ weights)) - y) @ X"


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
    argv = ["race", "--size", "10", "10", "--rounds", "2", "--threads", "1", "--out", str(out)]
    contenders = ["--contender", *PLUGINS, "nested_loop", "float32"]
    monkeypatch.setattr(sys, "argv", [*argv, "--moves", *contenders])
    assert race.main() == 2
    text = capsys.readouterr().out
    for name in ("matrix", "fine", "nested_loop", "float32", "lean", "lean, moves alone"):
        assert f"| {name} " in text
    assert text.count("moves alone ") == 1
    assert "- off: wrong: 10 x 10: component 0: got " in text
    assert "- dies: died: killed by SIGKILL; last words" in text
    assert has_ended(int((tmp_path / "child").read_text()))
    assert "- tires: died: exit status 3" in text
    assert "| tires " not in text
    assert "- picky: refused: X is not whole" in text
    assert "- choosy: failed: ValueError: a fault of its own" in text
    assert "- writes: wrong: it writes into y" in text
    assert "- keeps: wrong: 10 x 10: " in text
    assert text.count("it gives the answer of the first call again for other weights") == 2
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


def start(**order):
    base = {"problem": "logistic", "name": "matrix", "size": [10, 10], "threads": 1}
    return Process(base | order)


def test_a_contender_that_does_not_answer_is_ended():
    process = start()
    with pytest.raises(Out) as caught:
        process.ask("load", 0)
    assert (caught.value.state, caught.value.reason) == ("died", "no answer within 0 s")
    assert process._process.poll() is not None


def test_a_worker_ends_with_its_input():
    process = start()
    process.ask("load", 60)
    process._process.stdin.close()
    assert process._process.wait(60) == 0
    process.close()


def test_a_loaded_contender_tells_its_options():
    process = start()
    options = process.ask("load", 60)
    process.close()
    assert options.pop("summary").startswith("Two matrix-vector products")
    assert options == {
        "bytes_per_value": 8,
        "copies": 0,
        "family": families.NUMPY,
        "moves_alone": False,
        "passes": "2",
        "peer": "NumPy",
        "rtol": 1e-12,
    }


def test_threads_are_limited_before_anything_is_loaded():
    process = start(threads=1)
    process.ask("load", 60)
    pid = process._process.pid
    variables = Path(f"/proc/{pid}/environ")
    if not variables.exists():
        pytest.skip("no /proc here")
    assert b"OMP_NUM_THREADS=1\0" in variables.read_bytes()
    assert len(os.sched_getaffinity(pid)) == 1
    process.close()


def test_nothing_is_left_behind_by_an_interrupt(monkeypatch):
    started = []

    class Watched(Process):
        def __init__(self, order):
            super().__init__(order)
            started.append(self)

    def interrupt():
        raise KeyboardInterrupt

    monkeypatch.setattr(race_cell, "Process", Watched)
    settings = RaceSettings("logistic", ("matrix",), (8,), 1, 3, False)
    with pytest.raises(KeyboardInterrupt):
        race_cell.race_size(settings, (10, 10), interrupt)
    assert len(started) == 2  # processes of the baseline and the roof
    assert all(process._process.poll() is not None for process in started)


def interrupt_after(n_rounds):
    """A function for the race to call after each round, which interrupts it after `n_rounds`."""
    ended = []

    def interrupt():
        ended.append(1)
        if len(ended) == n_rounds:
            raise KeyboardInterrupt

    return interrupt


@pytest.mark.parametrize("n_rounds", [1, 6])
def test_an_interrupt_keeps_the_rounds_before_it(n_rounds):
    settings = RaceSettings("logistic", ("matrix",), (8,), 1, 8, False)
    with pytest.raises(race_cell.Stopped) as caught:
        race_cell.race_size(settings, (10, 10), interrupt_after(n_rounds))
    result = caught.value.result
    assert len(result.seconds["matrix"]) == len(result.roofs[8]) == n_rounds
    assert f"interrupted after {n_rounds} of 8 rounds" in race_tables.size_table(result)


def test_a_round_that_was_interrupted_does_not_count(monkeypatch):
    ask = race_cell._Race._ask
    samples = []

    def interrupt_fourth(self, name, step, seconds, **more):
        samples.extend([name] * (step == "sample"))
        if len(samples) == 4:  # the second sample of the second round
            raise KeyboardInterrupt
        return ask(self, name, step, seconds, **more)

    monkeypatch.setattr(race_cell._Race, "_ask", interrupt_fourth)
    settings = RaceSettings("logistic", ("matrix",), (8,), 1, 8, False)
    with pytest.raises(race_cell.Stopped) as caught:
        race_cell.race_size(settings, (10, 10), lambda: None)
    assert len(caught.value.result.seconds["matrix"]) == 1
    assert len(caught.value.result.roofs[8]) == 1
