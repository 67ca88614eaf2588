"""The logistic gradient of every implementation, compared with one in multiple precision.

What holds for every problem is in `test_kernels`.
"""

from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import impls
from impls import _accuracy, _chunks, _numerics
from impls import logistic as problem
from tests._exact import TINY, add_up, bound, largest_error, mp, rounding_bound, sigmoid, to_mp
from tests._loading import installed, load_or_skip

PROBLEM = "logistic"


class Batch(NamedTuple):
    weights: np.ndarray
    X: np.ndarray
    y: np.ndarray


@pytest.fixture(scope="module", params=installed(PROBLEM))
def implementation(request):
    return load_or_skip(PROBLEM, request.param)


# The measure


def exact(weights, X, y) -> tuple[list, list]:
    """Each component of the gradient and the sum of its absolute terms."""

    def term(z, label, rounding_of_z):
        unit = sigmoid(z) + label + sigmoid(z) * sigmoid(-z) * rounding_of_z + TINY
        return sigmoid(z) - label, unit

    return add_up(weights, X, y, term)


def error(actual, weights, X, y) -> float:
    return largest_error(actual, *exact(weights, X, y))


def compute(implementation, batch):
    return implementation.gradient(batch.weights, *implementation.prepare(batch.X, batch.y))


def assert_right(implementation, batch):
    actual = compute(implementation, batch)
    assert error(actual, *batch) <= bound(implementation, batch.weights, batch.X)


# Random data


@st.composite
def batches(draw) -> Batch:
    n_samples, n_features = draw(st.integers(1, 40)), draw(st.integers(1, 20))
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    X = generator.standard_normal((n_samples, n_features))
    X *= generator.random(X.shape) >= draw(st.sampled_from([0, 0.5, 0.95]))  # zeros
    spread = draw(st.sampled_from([1e-4, 1, 30, 1000]))
    weights = spread * generator.standard_normal(n_features) / np.sqrt(n_features)
    kind = draw(st.sampled_from(["hard", "soft", "zeros", "ones"]))
    soft = generator.random(n_samples)
    labels = {"hard": soft.round(), "soft": soft, "zeros": soft * 0, "ones": soft * 0 + 1}
    return Batch(weights, X, labels[kind])


# The examples are the same on every run, so that a failure is caused by a change.
steady = settings(max_examples=60, deadline=None, derandomize=True)


@steady
@given(batch=batches())
def test_random_data(implementation, batch):
    assert_right(implementation, batch)


@steady
@given(batch=batches())
def test_reference_on_random_data(batch):
    reference = impls.reference(PROBLEM, *batch)
    assert reference.dtype == np.longdouble
    assert error(reference, *batch) <= rounding_bound(batch.weights, batch.X, np.longdouble)


@steady
@given(batch=batches())
def test_absolute_terms_on_random_data(batch):
    expected = [float(term) for term in exact(*batch)[1]]
    np.testing.assert_allclose(_accuracy.terms(PROBLEM, *batch), expected, rtol=1e-13)


# Extremes


def draw(n_samples, n_features, seed=0) -> Batch:
    return Batch(*impls.make(PROBLEM, n_samples, n_features, seed))


def with_inner_products(values, n_features, y) -> Batch:
    """A batch whose ``<w, x_i>`` are `values`, up to rounding, without cancellation."""
    generator = np.random.default_rng(0)
    weights = generator.uniform(0.5, 1, n_features)
    shares = generator.dirichlet(np.ones(n_features), len(values))
    return Batch(weights, np.asarray(values)[:, np.newaxis] * shares / weights, y)


MAGNITUDES = np.concatenate([np.geomspace(1e-9, 1e4, 14), [87, 88, 104, 708, 709, 745, 746]])
BOTH_SIGNS = np.concatenate([MAGNITUDES, -MAGNITUDES])


def zero_column() -> Batch:
    batch = draw(20, 5)
    batch.X[:, 2] = 0
    return batch


def cancelling_rows() -> Batch:
    """A gradient of 0: each row and its negative, at weights 0, with the same label."""
    X = np.random.default_rng(0).standard_normal((10, 4))
    return Batch(np.zeros(4), np.concatenate([X, -X]), np.ones(20))


def cancelling_products() -> Batch:
    """Inner products ``<w, x>`` that cancel to 1e-6 of their terms."""
    X = np.random.default_rng(0).standard_normal((20, 3)) * 100
    return Batch(
        np.array([1.0, 1, 1]), np.column_stack([X[:, 0], -X[:, 0], X[:, 1] * 1e-6]), X[:, 2] > 0
    )


EXTREMES = {
    "both signs of 1e4, y 0": with_inner_products([1e4, -1e4], 4, np.zeros(2)),
    "both signs of 1e4, y 1": with_inner_products([1e4, -1e4], 4, np.ones(2)),
    "all magnitudes, y 0": with_inner_products(BOTH_SIGNS, 3, np.zeros(len(BOTH_SIGNS))),
    "all magnitudes, y 1": with_inner_products(BOTH_SIGNS, 3, np.ones(len(BOTH_SIGNS))),
    "all magnitudes, one feature": with_inner_products(BOTH_SIGNS, 1, (BOTH_SIGNS > 0) * 1.0),
    "zero column": zero_column(),
    "rows that cancel": cancelling_rows(),
    "products that cancel": cancelling_products(),
}


@pytest.mark.parametrize("name", EXTREMES)
def test_extremes(implementation, name):
    assert_right(implementation, EXTREMES[name])


@pytest.mark.parametrize("name", EXTREMES)
def test_reference_on_extremes(name):
    batch = EXTREMES[name]
    reference = impls.reference(PROBLEM, *batch)
    assert error(reference, *batch) <= rounding_bound(batch.weights, batch.X, np.longdouble)


@pytest.mark.parametrize("rows_per_chunk", [10, 0.5])
@pytest.mark.parametrize("n_samples", [1, 9, 10, 11, 37])
def test_chunk_boundaries(implementation, monkeypatch, n_samples, rows_per_chunk):
    """Sizes at the boundaries of small chunks; they matter only to chunked implementations."""
    batch = draw(n_samples, 3)
    row_bytes = 3 * implementation.options.get("BYTES_PER_VALUE", 8)
    monkeypatch.setattr(_chunks, "chunk_bytes", lambda: int(rows_per_chunk * row_bytes))
    assert_right(implementation, batch)


@pytest.mark.parametrize("block_elements", [1, 30, 31])
def test_reference_across_blocks(monkeypatch, block_elements):
    monkeypatch.setattr(_numerics, "BLOCK_ELEMENTS", block_elements)
    batch = draw(37, 3)
    reference = impls.reference(PROBLEM, *batch)
    assert error(reference, *batch) <= rounding_bound(batch.weights, batch.X, np.longdouble)
    expected = [float(term) for term in exact(*batch)[1]]
    np.testing.assert_allclose(_accuracy.terms(PROBLEM, *batch), expected, rtol=1e-13)


# The objective


@pytest.mark.parametrize("name", EXTREMES)
def test_loss(name):
    """The loss is the summed negative log-likelihood, from the logarithms of both sigmoids."""
    weights, X, y = EXTREMES[name]
    expected = mp.mpf(0)
    for row, label in zip(map(to_mp, X), to_mp(y), strict=True):
        z = mp.fdot(to_mp(weights), row)
        expected += label * mp.log(1 + mp.exp(-z)) + (1 - label) * mp.log(1 + mp.exp(z))
    assert problem.loss(weights, X, y) == pytest.approx(float(expected), rel=1e-13)


def test_predicted_labels():
    X = np.array([[1.0, 2.0], [2.0, 1.0], [1.0, 1.0]])
    labels = problem.predict(np.array([1.0, -1.0]), X)
    assert labels.dtype == np.float64
    assert labels.tolist() == [0, 1, 0]


# Formula and sign


def test_by_hand(implementation):
    """At weights 0 every sigmoid is 1/2: ``-1/2 (1, 2) + 1/2 (3, 5)``."""
    batch = Batch(np.zeros(2), np.array([[1.0, 2.0], [3.0, 5.0]]), np.array([1.0, 0.0]))
    np.testing.assert_allclose(compute(implementation, batch), [1, 1.5], implementation.rtol)


@pytest.mark.parametrize(("label", "expected"), [(0, 1.5), (1, -0.5), (0.5, 0.5)])
def test_by_hand_with_weights(implementation, label, expected):
    """The sigmoid of log 3 is 3/4, and x is 2."""
    batch = Batch(np.array([np.log(3) / 2]), np.array([[2.0]]), np.array([float(label)]))
    np.testing.assert_allclose(compute(implementation, batch), [expected], implementation.rtol)


def test_descent_is_the_ascent_of_the_vectorisation_text(implementation):
    """The text has a sample per column: ``theta + alpha * x * (y - sigmoid(theta' * x))``."""
    weights, X, y = batch = draw(30, 4)
    x, theta, alpha = X.T, weights, 0.1
    grad = x @ (y - 1 / (1 + np.exp(-(theta @ x))))
    gradient = compute(implementation, batch)
    scale = _accuracy.terms(PROBLEM, *batch)
    assert _accuracy.compare(gradient, -grad, scale) <= 2 * implementation.rtol
    ascent, descent = theta + alpha * grad, weights - alpha * gradient
    assert _accuracy.compare(descent, ascent, scale) <= 2 * implementation.rtol


# Labels


@pytest.mark.parametrize("dtype", [np.float32, np.float16, ">f8"])
def test_soft_labels_of_other_types(implementation, dtype):
    assert_right(implementation, draw(30, 4)._replace(y=np.linspace(0, 1, 30).astype(dtype)))


@pytest.mark.parametrize(
    ("value", "shown"), [(2, "2.0"), (-1, "-1.0"), (1 + 1e-9, "1.000000001"), (np.nan, "nan")]
)
def test_labels_outside_the_unit_interval_are_refused(value, shown):
    _, X, y = draw(5, 3)
    y[3] = value
    with pytest.raises(ValueError, match=rf"^y\[3\] is {shown}, expected a label in \[0, 1\]"):
        problem.check(X, y)


# The error that the table reports


def test_relative_error_is_that_of_the_exact_gradient(implementation):
    batch = draw(30, 4)
    actual = compute(implementation, batch)
    reported = impls.relative_error(PROBLEM, actual, *batch)
    precision = rounding_bound(batch.weights, batch.X, np.longdouble)
    assert reported == pytest.approx(error(actual, *batch), rel=1e-6, abs=precision)


@pytest.mark.parametrize("component", range(4))
def test_relative_error_of_a_wrong_component(component):
    batch = draw(30, 4)
    wrong = impls.reference(PROBLEM, *batch)
    wrong[component] -= 1e-3 * _accuracy.terms(PROBLEM, *batch)[component]
    assert impls.relative_error(PROBLEM, wrong, *batch) == pytest.approx(1e-3, rel=1e-9)


@pytest.mark.parametrize("wrong", [np.zeros(3), np.zeros((4, 1)), np.array([0, np.nan, 0, 0])])
def test_relative_error_of_what_is_no_gradient(wrong):
    assert impls.relative_error(PROBLEM, wrong, *draw(30, 4)) == np.inf


def test_relative_error_of_something_where_nothing_is_right():
    batch = EXTREMES["zero column"]
    gradient = impls.reference(PROBLEM, *batch)
    assert impls.relative_error(PROBLEM, gradient, *batch) == 0
    gradient[2] = 1e-300
    assert impls.relative_error(PROBLEM, gradient, *batch) == np.inf


def test_relative_error_where_the_exact_gradient_is_not_finite():
    batch = draw(30, 4)
    batch.X[0, 0] = np.nan
    assert impls.relative_error(PROBLEM, np.zeros(4), *batch) == np.inf


def test_count_operations_and_least_traffic():
    assert problem.count_operations(10, 3) == 10 * (2 * 3 + 2 * 3 + 20)
    assert problem.compulsory_bytes(10, 3) == 8 * (10 * 3 + 10 + 3 + 3)
    assert problem.compulsory_bytes(10, 3, 4) == 4 * (10 * 3 + 10 + 3 + 3)
