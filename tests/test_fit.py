"""The experiment `fit`: its judge, its contenders, and what it says of those that fail."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from scipy.optimize import approx_fprime
from sklearn.linear_model import LogisticRegression

from scripts import train
from scripts._common.errors import UserError
from scripts._common.families import LIBRARY, ONE_PASS
from scripts._experiments import Options, _fitting
from scripts._experiments import fit as experiment
from scripts._experiments._fitting import Contender, Entry, Fit

ROOT = Path(__file__).resolve().parent.parent
SMALL = "300x4"


@dataclass(frozen=True)
class Facts:
    cache_bytes: dict[int, int] = field(default_factory=dict)
    footer: str = "python -m scripts.train\nsome machine"


@pytest.fixture(scope="module")
def data():
    return _fitting.load_set(SMALL, 3)


@pytest.fixture(scope="module")
def optimum(data):
    return _fitting.find_optimum(data)


def objective(weights, data):
    """The objective of scikit-learn at C = 1, written from the formula."""
    z = data.X @ weights[:-1] + weights[-1]
    return np.sum(np.logaddexp(0, z) - data.y * z) + weights[:-1] @ weights[:-1] / 2


def nothing(X, y, tolerance):
    return Fit(np.zeros(X.shape[1] + 1), 0)


def broken(X, y, tolerance):
    raise ValueError("no such\nluck")


# Data


@pytest.mark.parametrize("name", _fitting.SETS[:2])
def test_real_sets_have_no_column_of_ones(name):
    samples = _fitting.load_set(name, 0)
    assert set(samples.y) == {0, 1}
    assert not np.any(np.all(samples.X == 1, axis=0))
    assert samples.X.flags.c_contiguous


def test_a_drawn_set_is_that_of_its_seed(data):
    assert data.X.shape == (300, 4)
    assert set(data.y) == {0, 1}
    assert np.array_equal(data.X, _fitting.load_set(SMALL, 3).X)
    assert not np.array_equal(data.X, _fitting.load_set(SMALL, 4).X)


def test_neighbouring_features_are_correlated():
    X = _fitting.load_set("20000x3", 0).X
    found = np.corrcoef(X, rowvar=False)
    assert found[0, 1] == pytest.approx(0.4, abs=0.03)
    assert found[0, 2] == pytest.approx(0, abs=0.03)


# The judge


def test_the_gradient_is_that_of_the_objective(data):
    weights = np.random.default_rng(0).standard_normal(5)
    expected = approx_fprime(weights, lambda w: objective(w, data), 1e-7)
    assert _fitting.gradient(weights, data) == pytest.approx(expected, rel=1e-5, abs=1e-3)
    exact = _fitting.gradient(weights, data, np.longdouble)
    assert exact.dtype == np.longdouble
    assert exact.astype(float) == pytest.approx(_fitting.gradient(weights, data), rel=1e-12)


def test_the_optimum_has_no_gradient(data, optimum):
    assert np.abs(_fitting.gradient(optimum, data)).max() < 1e-11
    around = optimum + 1e-3 * np.eye(5)
    assert all(objective(weights, data) > objective(optimum, data) for weights in around)


def test_newtons_steps_are_shortened_where_they_would_go_too_far(data):
    """Far from the optimum the curvature is so small that a whole step goes to the other side."""
    weights = np.full(5, 20.0)
    slope = _fitting.gradient(weights, data, np.longdouble)
    step = np.linalg.solve(_fitting._hessian(weights, data), slope.astype(float))
    assert objective(weights - step, data) > objective(weights, data)
    ahead, found = _fitting._descend(weights, step, slope, data)
    assert objective(ahead, data) < objective(weights, data)
    assert np.array_equal(found, _fitting.gradient(ahead, data, np.longdouble))


def test_what_counts_as_the_optimum(data, optimum):
    contender = Contender("exact", ONE_PASS, lambda X, y, tolerance: Fit(optimum, 0))
    entry = _fitting.tune(contender, data, optimum)
    assert entry.is_reached
    assert entry.reason == ""
    assert entry.tolerance == _fitting.TOLERANCES[0]
    largest = np.abs(optimum).argmax()
    for factor, is_reached in ((0.9, True), (1.1, False)):
        off = optimum.copy()
        off[largest] *= 1 + factor * _fitting.MOST_ERROR
        entry = Entry(contender)
        _fitting.judge(entry, Fit(off, 0), optimum, data)
        assert entry.error == pytest.approx(factor * _fitting.MOST_ERROR, rel=1e-6)
        assert entry.is_reached is is_reached


def test_a_large_gradient_is_no_optimum(data, optimum):
    entry = Entry(Contender("", ONE_PASS, nothing))
    _fitting.judge(entry, Fit(np.full(5, np.nan), 0), optimum, data)
    assert not entry.is_reached
    entry = replace(entry, gradient=1.1 * _fitting.MOST_GRADIENT, error=0.0)
    assert not entry.is_reached


def test_the_loosest_tolerance_that_reaches_is_taken(data, optimum):
    """This contender comes as near as its tolerance says."""
    largest = np.abs(optimum).max()

    def fit(X, y, tolerance):
        return Fit(optimum + 10 * tolerance * largest, 1)

    entry = _fitting.tune(Contender("", ONE_PASS, fit), data, optimum)
    assert entry.is_reached
    assert 10 * entry.tolerance <= _fitting.MOST_ERROR < 10 * entry.tolerance * 10**0.5 * 1.01


# Contenders


@pytest.mark.parametrize("name", [SMALL, "breast_cancer"])
def test_every_contender_reaches_the_optimum(name):
    data = _fitting.load_set(name, 3)
    optimum = _fitting.find_optimum(data)
    for contender in _fitting.contenders():
        entry = _fitting.tune(contender, data, optimum)
        assert entry.is_reached, (contender.name, entry)
        assert entry.fit.n_iterations > 1
        if contender.family != LIBRARY:
            assert entry.fit.n_evaluations >= entry.fit.n_iterations


def test_contenders_are_ours_and_scikit_learns():
    names = [contender.name for contender in _fitting.contenders()]
    for name in ("fused L-BFGS-B", "fused newton-cg", "fused trust-ncg", "matrix L-BFGS-B"):
        assert name in names
    assert "scikit-learn newton-cholesky" in names
    assert experiment._AGAINST in names


def test_libraries_that_are_not_installed_are_left_out(monkeypatch):
    monkeypatch.setattr(_fitting, "find_spec", lambda name: None)
    assert all(contender.family != LIBRARY for contender in _fitting.contenders())


# Findings


@pytest.fixture(scope="module")
def findings():
    """Two that reach the optimum, one that does not, and one that fails."""
    ours, base = (
        next(each for each in _fitting.contenders() if each.name == name)
        for name in ("fused L-BFGS-B", experiment._AGAINST)
    )
    others = [Contender("nothing", ONE_PASS, nothing), Contender("broken", LIBRARY, broken)]
    settings = Options(seed=3, rounds=3)
    return experiment.find(SMALL, settings, [ours, base, *others])


def cells(findings):
    table = experiment.make_table(findings)
    return {row[0]: dict(zip(table.headers, row, strict=True)) for row in table.rows}


def test_each_round_times_what_reaches_the_optimum(findings):
    counts = {entry.contender.name: len(entry.seconds) for entry in findings.entries}
    assert counts == {"fused L-BFGS-B": 3, experiment._AGAINST: 3, "nothing": 0, "broken": 0}
    assert all(second > 0 for entry in findings.entries for second in entry.seconds)


def test_what_does_not_reach_the_optimum_is_told(findings):
    found = cells(findings)
    assert found["nothing"]["time"] == "optimum not reached"
    assert float(found["nothing"]["error"]) == 1
    assert float(found["nothing"]["gradient / n"]) > 1e-2
    assert found["broken"]["time"] == "failed: ValueError: no such luck"
    assert found["broken"]["error"] == ""
    assert found["broken"][f"over {experiment._AGAINST}"] == ""


def test_the_speed_up_is_a_median_of_ratios(findings):
    ours, base, *_ = (replace(entry) for entry in findings.entries)
    ours.seconds, base.seconds = [1.0, 2.0, 4.0], [2.0, 8.0, 4.0]
    found = replace(findings, entries=[ours, base])
    assert found.speed_up(ours) == 2
    assert found.speed_up(base) == 1
    assert cells(found)["fused L-BFGS-B"]["time"] == "2.00 s"
    assert cells(found)["fused L-BFGS-B"]["fastest to slowest"] == "1.00 s to 4.00 s"
    assert np.isnan(replace(findings, entries=[ours]).speed_up(ours))


def test_rows_are_numbers(findings):
    rows = {row["contender"]: row for row in experiment.make_rows(findings)}
    assert rows["fused L-BFGS-B"]["evaluations"] >= rows["fused L-BFGS-B"]["iterations"] > 1
    assert rows["fused L-BFGS-B"]["seconds"] >= rows["fused L-BFGS-B"]["fastest"] > 0
    assert rows["nothing"]["reason"] == "optimum not reached"
    assert np.isnan(rows["broken"]["seconds"])
    assert rows["broken"]["iterations"] is None


def test_nothing_is_cut_off_in_the_figure(findings):
    others = [replace(findings, name=f"other {i}") for i in range(2)]
    figure = experiment._draw([findings, *others], Facts())
    figure.draw_without_rendering()
    assert len(figure.axes) == 3
    legend = figure.legends[0].get_window_extent()
    for axes in figure.axes:
        box = axes.get_tightbbox()
        assert legend.y1 <= box.y0 < box.y1 <= figure.bbox.y1
        assert figure.bbox.x0 <= box.x0 < box.x1 <= figure.bbox.x1
        texts = [text.get_text() for text in axes.texts]
        assert "optimum not reached" in texts
        assert "failed: ValueError: no such luck" in texts


# The command


def call(*argv, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["command", *argv])
    return train.main()


def test_tables_rows_and_figures_are_written(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(train, "collect_facts", lambda *_: Facts())
    monkeypatch.setattr(_fitting, "_REST_SECONDS", 0)
    arguments = ("fit", "--sets", SMALL, "200x3", "--rounds", "2", "--out", str(tmp_path))
    assert call(*arguments, monkeypatch=monkeypatch) == 0
    assert {path.name for path in tmp_path.iterdir()} == {
        f"fit.{k}" for k in ("md", "csv", "png", "svg")
    }
    rows = pd.read_csv(tmp_path / "fit.csv")
    assert set(rows["data"]) == {SMALL, "200x3"}
    assert set(rows["rounds"]) == {2}
    text = capsys.readouterr().out
    assert str(tmp_path / "fit.csv") in text
    assert "## 200x3: 200 x 3" in text
    page = (tmp_path / "fit.md").read_text(encoding="utf-8")
    assert "![fit](fit.png)" in page
    assert "## 300x4: 300 x 4" in page


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["fit", "--sets", "digit"], "no data set 'digit'; did you mean digits?"),
        (["fit", "--sets", "19x4"], "no data set '19x4'. There are: breast_cancer, digits, NxD"),
        (["fit", "--sets", "100x0"], "no data set '100x0'. There are:"),
        (["fit", "--sets", "1e6x4"], "no data set '1e6x4'. There are:"),
        (["fit", "--rounds", "0"], "--rounds is 0, expected a whole number of at least 1"),
        (["descent", "--rounds", "3"], "--rounds is not read: descent has no use for it"),
        (["descent", "--sets", "digits"], "--sets is not read: descent has no use for it"),
    ],
)
def test_options_are_checked(argv, message, monkeypatch):
    with pytest.raises(UserError, match=re.escape(message)):
        call(*argv, monkeypatch=monkeypatch)


# The page


def test_the_lines_of_the_page_run():
    """Each block of docs/fit.md after the one before, as a reader copies them."""
    text = (ROOT / "docs" / "fit.md").read_text(encoding="utf-8")
    names: dict[str, Any] = {}
    for block in re.findall(r"```python\n(.*?)```", text, re.DOTALL):
        exec(compile(block, "docs/fit.md", "exec"), names)
        assert names["found"].success
    model = LogisticRegression(C=1.0, tol=1e-10, solver="newton-cholesky")
    model.fit(names["X"], names["y"], names["sample_weight"])
    expected = np.append(model.coef_, model.intercept_)
    assert names["found"].x == pytest.approx(expected, rel=0, abs=1e-5)
