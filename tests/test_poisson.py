"""The gradient of Poisson regression, compared with one in multiple precision.

What holds for every problem is in `test_kernels`.
"""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

import impls
from impls import _accuracy, _numerics, _optimum, _verify
from impls import poisson as problem
from impls.poisson import _terms
from tests._exact import TINY, add_up, bound, largest_error, mp, rounding_bound, to_mp
from tests._loading import installed, load_or_skip

PROBLEM = "poisson"


@pytest.fixture(scope="module", params=installed(PROBLEM))
def implementation(request):
    return load_or_skip(PROBLEM, request.param)


def is_single(implementation) -> bool:
    return implementation.options.get("BYTES_PER_VALUE") == 4


def exact(weights, X, y) -> tuple[list, list]:
    """Each component of the gradient and the sum of its absolute terms."""
    n_samples = len(y)

    def term(z, label, rounding_of_z):
        mean = mp.exp(z)
        size = mean + label + mean * rounding_of_z + TINY
        return (mean - label) / n_samples, size / n_samples

    return add_up(weights, X, y, term)


def error(actual, batch) -> float:
    return largest_error(actual, *exact(*batch))


def compute(implementation, weights, X, y):
    return implementation.gradient(weights, *implementation.prepare(X, y))


def extremes() -> dict:
    return problem.extreme_batches(np.random.default_rng(2))


@st.composite
def batches(draw):
    n_samples, n_features = draw(st.integers(1, 40)), draw(st.integers(1, 20))
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    X = generator.standard_normal((n_samples, n_features))
    X *= generator.random(X.shape) >= draw(st.sampled_from([0, 0.5, 0.95]))  # zeros
    X *= 10.0 ** generator.integers(-3, 4, n_features)
    weights = generator.standard_normal(n_features)
    largest = np.abs(X @ weights).max()  # exp(z) stays in float32's range, with room for a sum
    weights *= draw(st.sampled_from([0, 1e-4, 1, 30, 70])) / (largest if largest else 1)
    y = generator.poisson(draw(st.sampled_from([0, 0.1, 1, 1e6])), n_samples)
    return weights, X, y * draw(st.sampled_from([1.0, 1 / 3]))


# The examples are the same on every run, so that a failure is caused by a change.
steady = settings(max_examples=40, deadline=None, derandomize=True)


@steady
@given(batch=batches())
def test_random_data(implementation, batch):
    assert error(compute(implementation, *batch), batch) <= bound(implementation, *batch[:2])


@steady
@given(batch=batches())
def test_reference_on_random_data(batch):
    assert error(impls.reference(PROBLEM, *batch), batch) <= rounding_bound(
        *batch[:2], np.longdouble
    )


@steady
@given(batch=batches())
def test_absolute_terms_on_random_data(batch):
    expected = [float(term) for term in exact(*batch)[1]]
    # exp(z) has the rounding of z, up to 70 times some units of spread.
    np.testing.assert_allclose(_accuracy.terms(PROBLEM, *batch), expected, rtol=1e-11)


@pytest.mark.parametrize("name", extremes())
def test_extremes(implementation, name):
    batch = extremes()[name]
    assert error(compute(implementation, *batch), batch) <= bound(implementation, *batch[:2])
    exact_enough = rounding_bound(*batch[:2], np.longdouble)
    assert error(impls.reference(PROBLEM, *batch), batch) <= exact_enough


@pytest.mark.parametrize("seed", range(5))
def test_extremes_stay_in_float32s_range_at_all_weights_of_a_check(seed):
    largest = np.finfo(np.float32).max / 100
    for weights, X, y in problem.extreme_batches(np.random.default_rng(seed)).values():
        for each in _verify.vectors(weights):
            assert _accuracy.terms(PROBLEM, each, X, y).max() < largest


def test_extremes_reach_both_ends():
    batches = extremes()
    z = {name: X @ weights for name, (weights, X, _) in batches.items()}
    assert np.median(z["z = -1e4"]) < -9e3
    assert 10 < z["z = -1e4"].max() < 80
    assert z["z = 80"].max() == pytest.approx(80)
    assert batches["large counts"][2].max() > 1e6
    gradient = impls.reference(PROBLEM, *batches["cancelling"])
    assert np.abs(gradient).max() < 1e-14


@pytest.mark.parametrize("largest", [100, 700])
def test_means_beyond_float32(implementation, largest):
    weights, X, y = impls.make(PROBLEM, 50, 20)
    batch = weights * (largest / (X @ weights).max()), X, y
    if is_single(implementation):
        with np.errstate(over="ignore", invalid="ignore"), pytest.raises(impls.Unfit, match="out"):
            compute(implementation, *batch)
    else:
        assert error(compute(implementation, *batch), batch) <= bound(implementation, *batch[:2])


def test_a_mean_beyond_float64_is_not_hidden(implementation):
    weights, X, y = impls.make(PROBLEM, 50, 20)
    prepared = implementation.prepare(X, y)
    with np.errstate(over="ignore", invalid="ignore"):
        gradient = implementation.kernel(weights * (800 / (X @ weights).max()), *prepared)
    assert not np.isfinite(gradient).any()


@pytest.mark.parametrize("name", ["auto", "fused", "numba_parallel"])
def test_compiled_code_overflows_without_a_warning(name):
    weights, X, y = impls.make(PROBLEM, 50, 20)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        gradient = compute(impls.load(PROBLEM, name), weights * 1e4, X, y)
    assert not np.isfinite(gradient).any()


@pytest.mark.parametrize("block_elements", [1, 30, 31])
def test_reference_across_blocks(monkeypatch, block_elements):
    monkeypatch.setattr(_numerics, "BLOCK_ELEMENTS", block_elements)
    batch = impls.make(PROBLEM, 37, 3)
    exact_enough = rounding_bound(*batch[:2], np.longdouble)
    assert error(impls.reference(PROBLEM, *batch), batch) <= exact_enough
    expected = [float(term) for term in exact(*batch)[1]]
    np.testing.assert_allclose(_accuracy.terms(PROBLEM, *batch), expected, rtol=1e-13)


def exact_loss(weights, X, y, intercept=0.0) -> tuple[float, float]:
    """The loss, and the sum of its absolute terms."""
    total, size = mp.mpf(0), mp.mpf(0)
    for row, label in zip(map(to_mp, X), to_mp(y), strict=True):
        products = [w * x for w, x in zip(to_mp(weights), row, strict=True)]
        spread = mp.fsum(map(abs, products))
        z = mp.fsum(products) + intercept
        total += mp.exp(z) - label * z
        size += mp.exp(z) * (1 + spread) + label * spread
    return float(total / len(y)), float(size / len(y))


@pytest.mark.parametrize("name", extremes())
def test_loss(name):
    batch = extremes()[name]
    expected, size = exact_loss(*batch)
    assert problem.loss(*batch) == pytest.approx(expected, rel=0, abs=1e-14 * size)


@pytest.mark.parametrize("name", extremes())
@pytest.mark.parametrize("fused", ["fused", "auto"])
def test_loss_of_one_pass(fused, name):
    weights, X, y = extremes()[name]
    implementation = impls.load(PROBLEM, fused)
    X_prepared, y_prepared = implementation.prepare(X, y)
    loss, gradient = _module(fused).loss_gradient(weights, X_prepared, y_prepared)
    expected, size = exact_loss(weights, X, y)
    assert loss == pytest.approx(expected, rel=0, abs=1e-14 * size)
    np.testing.assert_array_equal(
        gradient, implementation.gradient(weights, X_prepared, y_prepared)
    )


def test_sample_weights_and_an_intercept_of_one_pass():
    weights, X, y = impls.make(PROBLEM, 37, 5)
    prepared = impls.load(PROBLEM, "fused").prepare(X, y)
    times = np.random.default_rng(0).integers(0, 4, len(y))
    found = _module("fused").evaluate(weights, *prepared, times.astype(np.float64), 0.5)
    # A weight is a sample's number of repetitions, and the mean is over the samples as given.
    again, labels = np.repeat(X, times, axis=0), np.repeat(y, times)
    residual = np.exp(again @ weights + 0.5) - labels
    loss, _ = exact_loss(weights, again, labels, 0.5)
    assert found[0] == pytest.approx(loss * len(labels) / len(y), rel=1e-13)
    np.testing.assert_allclose(found[1], residual @ again / len(y), rtol=1e-12, atol=1e-14)
    assert found[2] == pytest.approx(residual.sum() / len(y), rel=1e-12)


def _module(name):
    return __import__(f"impls.{PROBLEM}.{name}", fromlist=["gradient"])


def test_terms_are_each_others_derivatives():
    z, y, step = np.linspace(-5, 5, 41), 2.5, 1e-6
    for rise, slope in ((_terms.loss, _terms.residual), (_terms.residual, _terms.curvature)):
        found = (rise(z + step, y) - rise(z - step, y)) / (2 * step)
        np.testing.assert_allclose(found, slope(z, y), rtol=1e-7, atol=1e-7)


def test_by_hand(implementation):
    """Means ``exp(0) = 1`` and ``exp(log 2) = 2``: residuals 1 - 3 and 2 - 0."""
    X, y = np.array([[1.0, -1.0], [0.0, 1.0]]), np.array([3.0, 0.0])
    weights = np.full(2, np.log(2))
    gradient = compute(implementation, weights, X, y)
    np.testing.assert_allclose(gradient, [-1, 2], 10 * implementation.rtol)
    assert problem.loss(weights, X, y) == pytest.approx((1 + 2) / 2)


def test_an_intercept_is_a_column_of_ones(implementation):
    """The derivative by the intercept is the mean residual."""
    weights, X, y = impls.make(PROBLEM, 30, 3)
    with_ones = np.column_stack([X, np.ones(30)])
    gradient = compute(implementation, np.append(weights, 1.5), with_ones, y)
    residual = np.exp(X @ weights + 1.5) - y
    expected = np.append(residual @ X / 30, residual.mean())
    np.testing.assert_allclose(gradient, expected, 100 * implementation.rtol)


def test_scikit_learn_finds_the_same_optimum():
    linear_model = pytest.importorskip("sklearn.linear_model")
    generator = np.random.default_rng(3)
    X = np.column_stack([np.ones(200), generator.standard_normal((200, 4))])
    y = generator.poisson(np.exp(X @ [1, 0.5, -0.3, 0, 0.2])).astype(np.float64)
    # Newton's method reaches the last digits, where the gradient is 0.
    model = linear_model.PoissonRegressor(
        alpha=0, fit_intercept=False, solver="newton-cholesky", tol=1e-12
    ).fit(X, y)
    gradient = impls.reference(PROBLEM, model.coef_, X, y)
    assert np.all(np.abs(gradient) < 1e-12 * _accuracy.terms(PROBLEM, model.coef_, X, y))


def test_descent_reaches_the_optimum(implementation):
    generator = np.random.default_rng(0)
    X = np.column_stack([generator.standard_normal(100), np.ones(100)])
    y = generator.poisson(np.exp(X @ [0.4, 1])).astype(np.float64)
    prepared = implementation.prepare(X, y)
    weights = problem.zero_weights(X, y)
    for _ in range(300):
        weights -= 0.2 * implementation.gradient(weights, *prepared)
    # scipy differentiates the loss by finite differences, without a gradient of the project.
    found = minimize(lambda w: problem.loss(w, X, y), np.zeros(2), tol=1e-10)
    np.testing.assert_allclose(weights, found.x, rtol=1e-5)
    np.testing.assert_allclose(weights, [0.4, 1], atol=0.2)


def test_drawn_counts_have_the_mean_that_some_weights_give():
    _, X, y = impls.make(PROBLEM, 20_000, 3)
    assert np.array_equal(y, np.rint(y))
    # Their mean is that of exp(z), and their variance is larger than it, as X varies.
    assert y.mean() == pytest.approx(np.exp(0.5), rel=0.5)
    assert y.var() > 1.2 * y.mean()
    model = minimize(
        lambda w: problem.loss(w, X, y),
        np.zeros(3),
        jac=lambda w: impls.reference(PROBLEM, w, X, y).astype(np.float64),
    )
    # Where the model is right, the residuals' squares have the mean of the counts.
    mean = np.exp(X @ model.x)
    assert np.mean((y - mean) ** 2 / mean) == pytest.approx(1, abs=0.1)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, -1.0, -1e-300])
def test_labels_that_are_no_counts_are_refused(value):
    _, X, y = impls.make(PROBLEM, 5, 3)
    y[3] = value
    message = rf"^y\[3\] is {value}, expected a finite number of at least 0$"
    with pytest.raises(ValueError, match=message):
        problem.check(X, y)


@pytest.mark.parametrize("dtype", [np.int64, np.uint8, np.bool_, np.float16])
def test_labels_of_any_real_type(dtype):
    _, X, y = impls.make(PROBLEM, 5, 3)
    problem.check(X, y.astype(dtype))


def test_no_step_is_promised():
    """The second derivative has no bound."""
    _, X, y = impls.make(PROBLEM, 5, 3)
    with pytest.raises(impls.BadPlugin, match="has no CURVATURE"):
        _optimum.stable_step(PROBLEM, X, 1)
    step = {"step": 0.1, "n_epochs": 5, "solver": "gd", "progress": False}
    loss = impls.solve(PROBLEM, "matrix", X, y, **step).loss
    assert loss[-1] < loss[0] < problem.loss(np.zeros(3), X, y) == 1


def test_a_step_that_is_too_long_is_an_error():
    _, X, y = impls.make(PROBLEM, 50, 3)
    with pytest.raises(impls.Diverged, match="take a smaller step"):
        impls.solve(PROBLEM, "matrix", X, y, step=100, n_epochs=20, solver="gd", progress=False)


def test_the_block_of_the_digits_is_not_among_the_features():
    try:
        _, X, y = impls.dataset(PROBLEM, "digits_block")
    except impls.Unavailable as error:
        pytest.skip(str(error))
    assert X.shape == (1797, 64)
    np.testing.assert_array_equal(X[:, 0], 1)
    assert set(y) == set(range(17))
    standardised = (y - y.mean()) / y.std()
    assert np.abs(X - standardised[:, None]).max(axis=0).min() > 1
    # Its neighbours tell something about it.
    assert np.abs(X[:, 1:].T @ standardised / len(y)).max() > 0.3


def test_count_operations_and_least_traffic():
    assert problem.count_operations(10, 3) == 10 * (2 * 3 + 2 * 3 + 20) + 3
    assert problem.compulsory_bytes(10, 3) == 8 * (10 * 3 + 10 + 3 + 3)
    assert problem.compulsory_bytes(10, 3, 4) == 4 * (10 * 3 + 10 + 3 + 3)
