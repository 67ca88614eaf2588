"""The model of a call on many workers, and both parts of `scripts.scale` on a small X."""

from __future__ import annotations

import sys

import pandas as pd
import pytest

from impls._blocks.sums import FAN_IN
from scripts import scale
from scripts._common.errors import UserError
from scripts._scale import report, workers
from scripts._scale.model import Model, depth, fit

pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),  # sockets of Dask's
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]


def reached(levels):
    """Workers that a tree of so many levels below the first reaches at most."""
    return sum(FAN_IN ** (level + 1) for level in range(levels + 1))


@pytest.mark.parametrize("levels", [0, 1, 2])
def test_a_level_more_begins_where_a_tree_is_full(levels):
    assert depth(reached(levels)) == levels
    assert depth(reached(levels) + 1) == levels + 1


def test_the_model_agrees_with_what_it_comes_from():
    model = fit({1: 10e9, 2: 8e9}, 0.001, {1: 0.004, 2: 0.005})
    assert model.overhead_seconds(1) == pytest.approx(0.004)
    assert model.overhead_seconds(2) == pytest.approx(0.005)
    assert model.seconds(2, 8e9) == pytest.approx(1.005)
    assert model.seconds(2, 10e9, one_machine=False) == pytest.approx(1.005)


@pytest.mark.parametrize("overheads", [{1: 0.004, 2: 0.003}, {1: 0.001, 2: 0.009}])
def test_noise_makes_no_cost_negative(overheads):
    model = fit({1: 10e9}, 0.001, overheads)
    assert model.fixed_seconds >= 0
    assert model.seconds_per_worker >= 0


def test_workers_beyond_the_first_cost_a_level_each():
    model = Model({1: 1e9}, 0.001, 0.002, 0.0005)
    level = 0.001 + FAN_IN * 0.0005
    assert model.overhead_seconds(FAN_IN) == pytest.approx(0.002 + FAN_IN * 0.0005)
    assert model.overhead_seconds(1000) - model.overhead_seconds(FAN_IN) == pytest.approx(3 * level)


@pytest.fixture
def run(monkeypatch, tmp_path):
    def run(*options):
        monkeypatch.setattr(sys, "argv", ["scale", *options, "--out", str(tmp_path)])
        return scale.main()

    return run


def test_workers_are_measured_beside_the_model(run, tmp_path, capsys):
    assert run("workers", "--gigabytes", "0.001", "--workers", "1", "2", "--rounds", "2") == 0
    frame = pd.read_csv(tmp_path / "scale-workers.csv")
    assert sorted(zip(frame.growth, frame.n_workers, strict=True)) == [
        *(("strong", 1), ("strong", 2)),
        *(("weak", 1), ("weak", 2)),
    ]
    assert (frame.error < 1e-12).all()
    printed = capsys.readouterr().out
    assert "| 1,000     |" in printed
    assert "projection" in printed


@pytest.mark.parametrize("dtype", ["float64", "uint8"])
def test_a_file_is_measured_and_deleted(run, tmp_path, dtype):
    folder = tmp_path / "data"
    folder.mkdir()
    options = "--gigabytes", "0.002", "--rounds", "1", "--dtype", dtype, "--folder", str(folder)
    assert run("disk", *options) == 0
    frame = pd.read_csv(tmp_path / "scale-disk.csv")
    assert set(frame.cache) == {"warm", "cold"}
    assert (frame[["read", "read_together", "gradient"]] > 0).all(axis=None)
    assert not list(folder.iterdir())


def test_a_warm_file_passes_nearly_as_fast_as_it_is_read(run, tmp_path):
    """By the fastest rounds; other work takes one of the processors that the gradient has."""
    options = "--gigabytes", "0.2", "--rounds", "9", "--folder", str(tmp_path)
    assert run("disk", *options) == 0
    frame = pd.read_csv(tmp_path / "scale-disk.csv")
    warm = frame[frame.cache == "warm"]
    assert warm.gradient.max() >= 0.4 * warm.read.max()


def findings():
    """Calls on one and on two workers."""
    model = fit({1: 25e9, 2: 17e9}, 0.001, {1: 0.001, 2: 0.002})
    plan = workers.Plan("logistic", "fused", 250_000, 100, (1, 2), 2)
    cells = [
        workers.Cell(growth, n, 1000, 800_000, (0.02, 0.03), (0.02, 0.02), 0.02, None, 0.0)
        for growth in ("strong", "weak")
        for n in (1, 2)
    ]
    return workers.Findings(plan, tuple(cells), {1: 0.001, 2: 0.002}, model)


def test_the_projection_begins_where_measuring_ends():
    drawn = []
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(report, "draw_panels", lambda _, rows, *__: drawn.extend(rows[0]))
        report._draw_workers(findings(), None)
    for panel in drawn:
        curves = {curve.name: curve for curve in panel.curves}
        assert list(curves)[-1] == "measured"  # on top
        assert list(curves["measured"].x) == [1, 2]
        projection = curves["projection: a machine each"]
        assert min(projection.x) > 2
        assert len(projection.x) == len(projection.y)


def test_one_problem_is_expected(run):
    with pytest.raises(UserError, match="expected one problem"):
        run("linear", "softmax")
