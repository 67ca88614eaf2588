"""Trainings of a session: their epochs, their losses, and what they are reached in."""

from __future__ import annotations

import numpy as np
import pytest

import impls
from benchmarks._measure import read_values
from benchmarks._session import session, training
from benchmarks._session.crew import Crew, Settings
from benchmarks._session.inputs import Data
from benchmarks._session.journal import Journal, Known, Source
from benchmarks._session.measured import BASELINE, TWIN
from benchmarks._session.session import Job
from impls import _measure, solvers

SETTINGS = Settings("", (), 1, rounds=1, warm_seconds=0, sample_seconds=0.001)
DRAWN, DIABETES = Data("linear", 50, 3), Data("linear", dataset="diabetes")
MATRIX = impls.load("linear", "matrix")


def open_training(solver, X, y):
    step = training._step("linear", solver, X)
    own = training._solve.Training(MATRIX, solver, X, y, step)
    return training.Epochs(own, own.start(None))


def test_the_gradients_of_an_epoch_are_a_part_of_it(monkeypatch):
    """An epoch takes 1 ms and has 32 updates, each with a gradient of 10 us."""
    _, X, y = impls.make("linear", 1000, 100)
    epochs = open_training("minibatch", X, y)
    monkeypatch.setattr(_measure, "count_calls", lambda _: (100, 1e-3))
    assert epochs.kernel_share(1e-3) == pytest.approx(0.32)


def test_an_epoch_is_the_median_of_at_least_three_without_the_first():
    seconds = iter([100.0, 3.0, 1.0, 2.0, 9.0])

    class Training:
        def run_epoch(self, weights):
            return next(seconds)

    assert training.Epochs(Training(), None).seconds() == 2
    assert next(seconds) == 9


@pytest.mark.parametrize("solver", ["gd", "sgd", "minibatch"])
def test_epochs_go_on_from_where_the_last_one_ended(solver):
    _, X, y = impls.make("linear", 50, 3)
    epochs = open_training(solver, X, y)
    epochs.training.run_epoch(epochs.weights)
    after_one = epochs.weights.copy()
    epochs.training.run_epoch(epochs.weights)
    assert not np.array_equal(after_one, epochs.weights)


def test_a_fifth_is_held_out_and_no_sample_is_lost():
    X = np.arange(13.0)[:, None]
    X_train, y_train, X_test, y_test = training._split(X, X[:, 0])
    assert X_test[:, 0].tolist() == y_test.tolist() == [0, 5, 10]
    assert sorted([*X_train[:, 0], *X_test[:, 0]]) == X[:, 0].tolist()
    np.testing.assert_array_equal(X_train[:, 0], y_train)


def least_loss(X, y):
    X, y, _, _ = training._split(X, y)
    return np.linalg.lstsq(X, y, rcond=None)[1][0] / 2 / len(y)


def test_the_target_is_near_the_optimum():
    _, X, y = impls.dataset("linear", "diabetes")
    assert training.target("linear", X, y) == pytest.approx(1.01 * least_loss(X, y))


def test_what_a_training_comes_to():
    _, X, y = impls.dataset("linear", "diabetes")
    floor = least_loss(X, y)
    found = training.measure_training(MATRIX, "minibatch", X, y, 1.2 * floor, 200)
    assert found["updates"] == 20 * 12  # 353 samples: 11 batches of 32 and one of 1
    assert floor < found["final_loss"] < 1.2 * floor
    assert found["time_to_loss"] > 0
    assert found["reasons"] == {"test_accuracy": "linear predicts no classes"}


def test_a_loss_that_is_not_reached_is_skipped_with_how_near_it_came():
    _, X, y = impls.dataset("linear", "diabetes")
    found = training.measure_training(MATRIX, "gd", X, y, 1.0, 2)
    assert "time_to_loss" not in found
    told = found["reasons"]["time_to_loss"]
    assert told == f"the loss is {found['final_loss']:.4g} after 2 epochs, wanted 1"
    assert found["updates"] == 2


def test_held_out_digits_are_predicted():
    _, X, y = impls.dataset("softmax", "digits")
    matrix = impls.load("softmax", "matrix")
    found = training.measure_training(matrix, "minibatch", X, y, 0.0, 20)
    assert 0.9 < found["test_accuracy"] < 1


# In a session


@pytest.fixture(scope="module")
def known():
    """What two generations have found of drawn data with epochs, and of real data."""
    kept = Journal(None, Source("", "", "1"), "digest")
    jobs = [
        Job(DIABETES, ("float32",), most_epochs=3),
        Job(DRAWN, ("float32",), epochs=True),
        Job(Data("linear", 10, 3), ("float32",)),
    ]
    session.run(jobs, SETTINGS, kept, Known(), 2)
    return kept.known


def values(known, data, name):
    return read_values(known.cells[data, name][-1], known)


@pytest.mark.parametrize("name", [BASELINE, "float32"])
@pytest.mark.parametrize("solver", solvers.names())
def test_epochs_are_measured_with_each_solver(known, name, solver):
    found = values(known, DRAWN, name)
    assert found[f"epoch/{solver}"].value > 0
    assert found[f"kernel_share/{solver}"].value > 0
    assert f"final_loss/{solver}" not in found


@pytest.mark.parametrize("name", [BASELINE, "float32"])
@pytest.mark.parametrize("solver", solvers.names())
def test_trainings_are_measured_with_each_solver(known, name, solver):
    found = values(known, DIABETES, name)
    assert found[f"final_loss/{solver}"].value > 0
    assert found[f"updates/{solver}"].value >= 3
    reason = found[f"test_accuracy/{solver}"].reason
    assert reason == "linear predicts no classes"
    assert found[f"time_to_loss/{solver}"].state in ("ok", "skipped")
    assert f"epoch/{solver}" not in found


def test_the_twin_is_not_trained_and_other_sizes_have_no_trainings(known):
    assert not any("/" in metric for metric in values(known, DRAWN, TWIN))
    assert not any("/" in metric for metric in values(known, Data("linear", 10, 3), BASELINE))


def test_trainings_are_those_of_the_first_generation(known):
    first, second = known.cells[DRAWN, "float32"]
    assert first.costs["epoch/gd"] == second.costs["epoch/gd"]
    assert second.generations == 2


def test_an_interrupt_keeps_trainings_and_the_rest_follows(monkeypatch):
    kept = Journal(None, Source("", "", "1"), "digest")
    jobs = [Job(DRAWN, ("float32",), epochs=True)]
    ask, trained = Crew.ask, []

    def interrupt_third(self, name, step, seconds, **arguments):
        if step == "train":
            trained.append((name, arguments["solver"]))
            if len(trained) == 3:
                raise KeyboardInterrupt
        return ask(self, name, step, seconds, **arguments)

    monkeypatch.setattr(Crew, "ask", interrupt_third)
    with pytest.raises(KeyboardInterrupt):
        session.run(jobs, SETTINGS, kept, Known())
    session.run(jobs, SETTINGS, kept, kept.known)
    assert len(trained) == 2 * len(solvers.names()) + 1  # the third twice
    assert not set(trained[:2]) & set(trained[3:])
    for name in (BASELINE, "float32"):
        found = values(kept.known, DRAWN, name)
        assert all(found[f"epoch/{solver}"].value > 0 for solver in solvers.names())


@pytest.mark.parametrize("lacking", ["loss", "CURVATURE"])
def test_a_problem_that_cannot_be_trained_is_skipped_with_what_it_lacks(monkeypatch, lacking):
    monkeypatch.delattr(f"impls.linear.{lacking}")
    kept = Journal(None, Source("", "", "1"), "digest")
    session.run([Job(DRAWN, ("float32",), most_epochs=3)], SETTINGS, kept, Known())
    for metric in ("final_loss", "time_to_loss", "updates", "test_accuracy"):
        found = values(kept.known, DRAWN, "float32")[f"{metric}/gd"]
        assert found.state == "skipped"
        assert found.reason == f"linear cannot be trained: it has no {lacking}"


def test_epochs_of_a_problem_that_cannot_be_trained_are_skipped(monkeypatch):
    monkeypatch.delattr("impls.linear.loss")
    kept = Journal(None, Source("", "", "1"), "digest")
    session.run([Job(DRAWN, ("float32",), epochs=True)], SETTINGS, kept, Known())
    found = values(kept.known, DRAWN, "float32")
    assert found["epoch/gd"].reason == "linear cannot be trained: it has no loss"
