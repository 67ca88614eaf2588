"""Training: solvers, batches, trajectories, divergence, and limits."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import OptimizeResult, minimize

import impls
from impls import _optimum, _solve, _table, solvers
from tests._loading import IMPLEMENTATIONS, load_or_skip

PROBLEMS = impls.problems()
# Some losses have unbounded curvature, so that no step is stable for all data.
WITH_A_STEP = [name for name in PROBLEMS if hasattr(_table.problem_module(name), "CURVATURE")]


def draw(problem, n_samples=60, n_features=4, seed=5):
    _, X, y = impls.make(problem, n_samples, n_features, seed)
    return X, y


def step_for(problem, X, solver="minibatch"):
    batch_size = _solve.batch_size_of(solver, X, None)
    if problem in WITH_A_STEP:
        return _optimum.stable_step(problem, X, batch_size)
    return 1e-3 if _table.problem_part(problem, "AVERAGED") else 1e-3 / batch_size


def train(problem, name="matrix", solver="minibatch", data=None, **options):
    X, y = data or draw(problem)
    options = {"step": step_for(problem, X, solver), "n_epochs": 3} | options
    return impls.solve(problem, name, X, y, solver=solver, progress=False, **options)


@pytest.fixture
def recorder():
    """An implementation of linear regression that records its batches."""
    calls = []

    def kernel(weights, X, y):
        calls.append((X.copy(order="K"), y.copy(), X.flags.f_contiguous))
        return np.zeros_like(weights)

    return replace(impls.load("linear", "matrix"), kernel=kernel), calls


def epochs_of(implementation, calls, solver, X, y, batch_size=None, n_epochs=1, seed=0):
    """The batches of each epoch, without that of the warm-up call."""
    training = _solve.Training(implementation, solver, X, y, 0.1, batch_size, seed)
    weights = training.start(None)
    epochs = []
    for _ in range(n_epochs):
        calls.clear()
        training.run_epoch(weights)
        epochs.append(list(calls))
    return epochs


# Batches


@pytest.mark.parametrize(
    ("solver", "batch_size", "sizes"),
    [("gd", None, [7]), ("sgd", None, [1] * 7), ("minibatch", 3, [3, 3, 1]), ("minibatch", 7, [7])],
)
def test_every_sample_is_used_once_per_epoch(recorder, solver, batch_size, sizes):
    implementation, calls = recorder
    X, y = np.arange(7.0)[:, None], 10 * np.arange(7.0)
    (epoch,) = epochs_of(implementation, calls, solver, X, y, batch_size)
    assert [len(rows) for rows, _, _ in epoch] == sizes
    taken = np.concatenate([rows[:, 0] for rows, _, _ in epoch])
    np.testing.assert_array_equal(np.sort(taken), X[:, 0])
    np.testing.assert_array_equal(np.concatenate([labels for _, labels, _ in epoch]), 10 * taken)


@pytest.mark.parametrize("batch_size", [1, 3])
def test_each_epoch_has_an_order_of_its_own_that_the_seed_gives(recorder, batch_size):
    X, y = np.arange(20.0)[:, None], np.zeros(20)

    def orders(seed):
        epochs = epochs_of(*recorder, "minibatch", X, y, batch_size, n_epochs=2, seed=seed)
        return [[x for rows, _, _ in epoch for x in rows[:, 0]] for epoch in epochs]

    first, second = orders(0)
    assert first != second
    assert [first, second] == orders(0)
    assert first != orders(1)[0]


def test_a_batch_has_the_layout_of_the_prepared_data(recorder):
    implementation, calls = recorder
    implementation = replace(implementation, _prepare=lambda X, y: (np.asfortranarray(X), y))
    X, y = draw("linear", 12, 5)
    (epoch,) = epochs_of(implementation, calls, "minibatch", X, y, batch_size=4)
    assert all(in_columns for _, _, in_columns in epoch)


def test_arrays_of_another_library_are_prepared_batch_by_batch(recorder):
    implementation, calls = recorder

    class Foreign:
        def __init__(self, array):
            self.array, self.shape = array, array.shape

    def unwrap(weights, X, y):
        return implementation.kernel(weights, X.array, y.array)

    foreign = replace(implementation, kernel=unwrap, _prepare=lambda X, y: (Foreign(X), Foreign(y)))
    X, y = draw("linear", 10, 2)
    ours = epochs_of(implementation, calls, "minibatch", X, y, batch_size=4, seed=3)
    theirs = epochs_of(foreign, calls, "minibatch", X, y, batch_size=4, seed=3)
    for (a, b, _), (c, d, _) in zip(*ours, *theirs, strict=True):
        np.testing.assert_array_equal(a, c)
        np.testing.assert_array_equal(b, d)


# Trajectories


@pytest.mark.parametrize("solver", solvers.names())
@pytest.mark.parametrize(("problem", "name"), IMPLEMENTATIONS)
def test_every_kernel_takes_the_same_way(problem, name, solver):
    rtol = load_or_skip(problem, name).rtol
    if name == "dask_blocks" and solvers.load(solver).SHUFFLES:
        pytest.skip("its batches are drawn from one block after the other: see test_blocks.py")
    ours, baseline = train(problem, name, solver), train(problem, "matrix", solver)
    # 180 updates with gradients that differ by a few units in the last place. Steps contract, so
    # the differences are not amplified.
    tolerance = {_table.DEFAULT_RTOL: 1e-12}.get(rtol, max(1e-4, 10 * rtol))
    np.testing.assert_allclose(ours.weights, baseline.weights, rtol=0, atol=tolerance)
    assert ours.n_updates == baseline.n_updates
    np.testing.assert_allclose(ours.loss, baseline.loss, rtol=tolerance)


@pytest.mark.parametrize("solver", solvers.names())
@pytest.mark.parametrize("problem", PROBLEMS)
def test_the_same_seed_gives_the_same_weights_to_the_bit(problem, solver):
    first, again, other = (train(problem, solver=solver, seed=seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first.weights, again.weights)
    assert first.loss == again.loss
    assert solver == "gd" or not np.array_equal(first.weights, other.weights)


@pytest.mark.parametrize("solver", solvers.names())
@pytest.mark.parametrize("problem", WITH_A_STEP)
def test_the_stable_step_descends(problem, solver):
    weights, X, y = impls.make(problem, 60, 4, seed=5)
    start = 5 * weights  # far from the optimum, because sgd only reaches its neighbourhood
    module = _table.problem_module(problem)
    solution = train(problem, data=(X, y), solver=solver, n_epochs=5, weights=start)
    assert solution.loss[-1] < module.loss(start, X, y)
    assert solution.loss[-1] == module.loss(solution.weights, X, y)


@pytest.mark.parametrize("problem", ["linear", "logistic", "softmax"])
def test_descent_reaches_the_optimum_of_a_convex_problem(problem):
    X, y = draw(problem, 80, 3)
    module = _table.problem_module(problem)
    start = module.zero_weights(X, y)
    # scipy differentiates the loss by finite differences, without a gradient of the project.
    found = minimize(lambda w: module.loss(w.reshape(start.shape), X, y), start.ravel())
    solution = train(problem, solver="gd", data=(X, y), n_epochs=3000)
    assert solution.loss[-1] == pytest.approx(found.fun, rel=1e-8)
    assert _optimum.find_optimum(problem, X, y) == pytest.approx(found.fun, rel=1e-8)


def test_the_step_of_the_whole_batch_is_one_over_the_largest_curvature():
    X, _ = draw("linear", 50, 6)
    largest = np.linalg.norm(X, 2) ** 2 / 50
    assert _optimum.stable_step("linear", X, 50) == pytest.approx(1 / largest)
    # The curvature of the sum is 50 times that of the mean; a logistic loss has 1/4 of linear's.
    assert _optimum.stable_step("logistic", X, 50) == pytest.approx(4 / largest / 50)


def test_data_without_a_step_are_refused():
    with pytest.raises(ValueError, match="all of X is 0"):
        _optimum.stable_step("linear", np.zeros((5, 2)), 5)


def test_an_optimum_that_is_not_reached_is_none(monkeypatch):
    X, y = draw("logistic", 80, 3)
    stopped = OptimizeResult(status=1, fun=1.0, nit=5000, message="iteration limit")
    monkeypatch.setattr("scipy.optimize.minimize", lambda *_, **__: stopped)
    with pytest.raises(RuntimeError, match="no optimum of logistic in 5,000 iterations"):
        _optimum.find_optimum("logistic", X, y)


def test_the_step_of_one_sample_is_one_over_the_longest_ones_curvature():
    X, _ = draw("linear", 50, 6)
    longest = (X**2).sum(axis=1).max()
    for problem, curvature in {"linear": 1.0, "logistic": 0.25}.items():
        assert _optimum.stable_step(problem, X, 1) == pytest.approx(1 / (curvature * longest))


# Arguments and results


def test_by_hand():
    X, y = np.array([[1.0], [3.0]]), np.array([2.0, 6.0])
    solution = impls.solve("linear", "matrix", X, y, solver="gd", step=0.1, n_epochs=2)
    # gradient(0) = -(2 + 18) / 2 = -10; w = 1; gradient(1) = -(1 + 9) / 2 = -5; w = 1.5
    np.testing.assert_allclose(solution.weights, [1.5])
    np.testing.assert_allclose(solution.loss, [(1 + 9) / 4, (0.25 + 2.25) / 4])
    assert solution.n_updates == 2


@pytest.mark.parametrize("problem", PROBLEMS)
def test_a_start_is_used_and_left_as_it_is(problem):
    weights, X, y = impls.make(problem, 30, 3, seed=2)
    before = weights.copy()
    once = train(problem, data=(X, y), solver="gd", n_epochs=1, weights=weights)
    twice = train(problem, data=(X, y), solver="gd", n_epochs=1, weights=once.weights)
    both = train(problem, data=(X, y), solver="gd", n_epochs=2, weights=weights)
    np.testing.assert_array_equal(weights, before)
    np.testing.assert_array_equal(twice.weights, both.weights)


def test_seconds_and_losses_are_told_per_epoch():
    solution = train("linear", n_epochs=4)
    assert len(solution.loss) == len(solution.epoch_seconds) == 4
    assert solution.seconds == sum(solution.epoch_seconds) > 0


def test_a_callback_sees_each_epoch_and_can_end_the_training():
    seen = []

    def callback(epoch, weights, loss):
        seen.append((epoch, loss))
        weights[:] = np.nan  # a copy, so the training is unaffected
        return epoch == 3

    solution = train("logistic", n_epochs=10, callback=callback)
    assert seen == list(enumerate(solution.loss, start=1))
    assert len(solution.loss) == 3
    assert np.all(np.isfinite(solution.weights))


@pytest.mark.parametrize("solver", solvers.names())
def test_a_step_that_diverges_is_an_error_with_epoch_loss_and_step(solver):
    with pytest.raises(impls.Diverged, match=r"epoch \d+: the loss is \S+ with step 1000"):
        train("linear", solver=solver, step=1e3, n_epochs=50)


def test_weights_that_overflow_without_a_loss_are_an_error(recorder):
    implementation, _ = recorder
    broken = replace(implementation, kernel=lambda weights, X, y: np.full_like(weights, -np.inf))
    training = _solve.Training(broken, "gd", *draw("linear"), step=1.0)
    weights = training.start(None)
    training.run_epoch(weights)
    with pytest.raises(impls.Diverged, match="epoch 1"):
        training.check(1, weights)


def _with(array, place, value):
    array = array.copy()
    array[place] = value
    return array


X, Y = draw("linear", 8, 2)
REFUSED = {
    "unknown solver": (impls.UnknownName, "did you mean 'sgd'", {"solver": "sgdd"}),
    "step": (ValueError, "step is -1, expected a positive number", {"step": -1}),
    "step is nan": (ValueError, "step is nan", {"step": float("nan")}),
    "step is text": (TypeError, "step is 'fast'", {"step": "fast"}),
    "no epoch": (ValueError, "n_epochs is 0", {"n_epochs": 0}),
    "half an epoch": (TypeError, "n_epochs is 0.5", {"n_epochs": 0.5}),
    "batch of none": (ValueError, "batch_size is 0", {"batch_size": 0}),
    "batch too large": (ValueError, "batch_size is 9, expected 1 to 8", {"batch_size": 9}),
    "batch of gd": (ValueError, "gd takes all 8", {"solver": "gd", "batch_size": 4}),
    "batch of sgd": (ValueError, "sgd takes 1", {"solver": "sgd", "batch_size": 4}),
    "weights": (ValueError, r"weights has shape \(3,\)", {"weights": np.zeros(3)}),
    "a weight": (ValueError, r"weights\[1\] is nan", {"weights": np.array([0.0, np.nan])}),
    "a value": (ValueError, r"X\[3, 1\] is inf, expected", {"data": (_with(X, (3, 1), np.inf), Y)}),
    "labels": (ValueError, r"y has shape \(7,\)", {"data": (X, Y[:7])}),
}


@pytest.mark.parametrize("case", REFUSED)
def test_bad_input_is_refused(case):
    error, message, options = REFUSED[case]
    with pytest.raises(error, match=message):
        train("linear", **{"data": (X, Y), "step": 0.1} | options)


@pytest.mark.parametrize("lacking", ["loss", "zero_weights"])
def test_a_problem_without_what_training_needs_says_so(monkeypatch, lacking):
    monkeypatch.delattr(f"impls.linear.{lacking}")
    with pytest.raises(impls.BadPlugin, match=f"impls/linear/__init__.py has no {lacking}"):
        train("linear", data=(X, Y), step=0.1)


def test_the_bar_is_hidden_where_nobody_watches(capsys):
    train("linear")
    assert re.search("epoch", "".join(capsys.readouterr())) is None


def test_progress_is_asked_of_tqdm(monkeypatch):
    import tqdm

    asked = []

    def bar(epochs, **options):
        asked.append(options["disable"])
        return epochs

    monkeypatch.setattr(tqdm, "tqdm", bar)
    data = draw("linear")
    for progress in (True, False):
        impls.solve("linear", "matrix", *data, step=0.01, n_epochs=1, progress=progress)
    assert asked == [None, True]
