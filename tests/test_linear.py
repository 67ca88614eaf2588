"""The gradient of linear regression, compared with one in multiple precision.

What holds for every problem is in `test_kernels`.
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import impls
from impls import _accuracy, _numerics
from impls import linear as problem
from tests._exact import add_up, bound, largest_error, mp, rounding_bound, to_mp
from tests._loading import installed, load_or_skip

PROBLEM = "linear"


@pytest.fixture(scope="module", params=installed(PROBLEM))
def implementation(request):
    return load_or_skip(PROBLEM, request.param)


def exact(weights, X, y) -> tuple[list, list]:
    """Each component of the gradient and the sum of its absolute terms."""
    n_samples = len(y)

    def term(z, label, rounding_of_z):
        return (z - label) / n_samples, (rounding_of_z + abs(label)) / n_samples

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
    weights = generator.standard_normal(n_features) * draw(st.sampled_from([0, 1e-4, 1, 1000]))
    y = generator.standard_normal(n_samples) * draw(st.sampled_from([0, 1e-4, 1, 1e6]))
    return weights, X, y


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
    np.testing.assert_allclose(_accuracy.terms(PROBLEM, *batch), expected, rtol=1e-13)


@pytest.mark.parametrize("name", extremes())
def test_extremes(implementation, name):
    batch = extremes()[name]
    assert error(compute(implementation, *batch), batch) <= bound(implementation, *batch[:2])
    exact_enough = rounding_bound(*batch[:2], np.longdouble)
    assert error(impls.reference(PROBLEM, *batch), batch) <= exact_enough


@pytest.mark.parametrize("block_elements", [1, 30, 31])
def test_reference_across_blocks(monkeypatch, block_elements):
    monkeypatch.setattr(_numerics, "BLOCK_ELEMENTS", block_elements)
    batch = impls.make(PROBLEM, 37, 3)
    exact_enough = rounding_bound(*batch[:2], np.longdouble)
    assert error(impls.reference(PROBLEM, *batch), batch) <= exact_enough
    expected = [float(term) for term in exact(*batch)[1]]
    np.testing.assert_allclose(_accuracy.terms(PROBLEM, *batch), expected, rtol=1e-13)


@pytest.mark.parametrize("name", extremes())
def test_loss(name):
    weights, X, y = extremes()[name]
    residuals = [
        mp.fdot(to_mp(weights), row) - label
        for row, label in zip(map(to_mp, X), to_mp(y), strict=True)
    ]
    expected = float(mp.fsum(r * r for r in residuals) / (2 * len(y)))
    # If every residual is 0 up to rounding, so is the loss.
    rounding = (100 * np.finfo(float).eps * (np.abs(X) @ np.abs(weights) + np.abs(y)).max()) ** 2
    assert problem.loss(weights, X, y) == pytest.approx(expected, rel=1e-12, abs=rounding)


def test_by_hand(implementation):
    """Residuals ``1 + 2 - 2 = 1`` and ``3 + 5 - 11 = -3``: ``((1, 2) - 3 (3, 5)) / 2``."""
    X, y = np.array([[1.0, 2.0], [3.0, 5.0]]), np.array([2.0, 11.0])
    gradient = compute(implementation, np.ones(2), X, y)
    np.testing.assert_allclose(gradient, [-4, -6.5], implementation.rtol)
    assert problem.loss(np.ones(2), X, y) == (1 + 9) / 4


def test_an_intercept_is_a_column_of_ones(implementation):
    """The derivative by the text's bias b is the mean residual."""
    weights, X, y = impls.make(PROBLEM, 30, 3)
    with_ones = np.column_stack([X, np.ones(30)])
    gradient = compute(implementation, np.append(weights, 4.0), with_ones, y)
    residual = X @ weights + 4.0 - y
    expected = np.append(residual @ X / 30, residual.mean())
    np.testing.assert_allclose(gradient, expected, 100 * implementation.rtol)


def test_descent_reaches_the_least_squares(implementation):
    """Data with the text's weight, bias and noise; every step uses all samples."""
    generator = np.random.default_rng(0)
    X = np.column_stack([generator.standard_normal(100), np.ones(100)])
    y = X @ [3.5, 4] + 0.5 * generator.standard_normal(100)
    prepared = implementation.prepare(X, y)
    weights = problem.zero_weights(X, y)
    for _ in range(150):  # each step leaves about 0.8 of the error, all steps 1e-14
        weights -= 0.2 * implementation.gradient(weights, *prepared)
    expected = np.linalg.lstsq(X, y)[0]
    np.testing.assert_allclose(weights, expected, max(1e-11, implementation.rtol))
    np.testing.assert_allclose(weights, [3.5, 4], atol=0.2)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_labels_that_are_not_finite_are_refused(value):
    _, X, y = impls.make(PROBLEM, 5, 3)
    y[3] = value
    with pytest.raises(ValueError, match=rf"^y\[3\] is {value}, expected a finite number$"):
        problem.check(X, y)


@pytest.mark.parametrize("dtype", [np.int64, np.bool_, np.float16])
def test_labels_of_any_real_type(dtype):
    _, X, y = impls.make(PROBLEM, 5, 3)
    problem.check(X, y.astype(dtype))


def test_count_operations_and_least_traffic():
    assert problem.count_operations(10, 3) == 10 * (2 * 3 + 2 * 3 + 1) + 3
    assert problem.compulsory_bytes(10, 3) == 8 * (10 * 3 + 10 + 3 + 3)
    assert problem.compulsory_bytes(10, 3, 4) == 4 * (10 * 3 + 10 + 3 + 3)
