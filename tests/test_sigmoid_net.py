"""The gradient of the sigmoid layer, compared with one in multiple precision; the text's numbers.

What holds for every problem is in `test_kernels`.
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import impls
from impls import _accuracy, _numerics
from impls import sigmoid_net as problem
from impls.sigmoid_net import _closed_form, _epochs
from tests._exact import (
    TINY,
    add_up,
    bound,
    largest_error,
    mp,
    residual_error,
    rounding_bound,
    sigmoid,
    to_mp,
)
from tests._loading import installed, load_or_skip

PROBLEM = "sigmoid_net"


@pytest.fixture(scope="module", params=installed(PROBLEM))
def implementation(request):
    return load_or_skip(PROBLEM, request.param)


def exact(weights, X, y) -> tuple[list, list]:
    """Each component of the gradient and the sum of its absolute terms."""

    def term(z, label, rounding_of_z):
        s, rest = sigmoid(z), sigmoid(-z)
        slope = s * rest
        by_rounding = slope * slope + abs(s - label) * slope * abs(rest - s)
        return (s - label) * slope, (s + label) * slope + by_rounding * rounding_of_z + TINY

    return add_up(weights, X, y, term)


def error(actual, batch) -> float:
    return largest_error(actual, *exact(*batch))


def compute(implementation, weights, X, y):
    return implementation.gradient(weights, *implementation.prepare(X, y))


def assert_right(implementation, batch):
    weights, X, _ = batch
    allowed = bound(implementation, weights, X)
    off = residual_error(implementation) / allowed * np.abs(X, dtype=np.float64).sum(axis=0)
    gradient, terms = exact(*batch)
    assert largest_error(compute(implementation, *batch), gradient, terms + off) <= allowed


def extremes() -> dict:
    return problem.extreme_batches(np.random.default_rng(2))


@st.composite
def batches(draw):
    n_samples, n_features = draw(st.integers(1, 40)), draw(st.integers(1, 20))
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    X = generator.standard_normal((n_samples, n_features))
    X *= generator.random(X.shape) >= draw(st.sampled_from([0, 0.5, 0.95]))  # zeros
    spread = draw(st.sampled_from([1e-4, 1, 30, 1000]))
    weights = spread * generator.standard_normal(n_features) / np.sqrt(n_features)
    soft = generator.random(n_samples)
    return weights, X, draw(st.sampled_from([soft.round(), soft, soft * 0, soft * 0 + 1]))


# The examples are the same on every run, so that a failure is caused by a change.
steady = settings(max_examples=40, deadline=None, derandomize=True)


@steady
@given(batch=batches())
def test_random_data(implementation, batch):
    assert_right(implementation, batch)


@steady
@given(batch=batches())
def test_reference_on_random_data(batch):
    exact_enough = rounding_bound(*batch[:2], np.longdouble)
    assert error(impls.reference(PROBLEM, *batch), batch) <= exact_enough


@steady
@given(batch=batches())
def test_absolute_terms_on_random_data(batch):
    weights, X, _ = batch
    expected = [float(term) for term in exact(*batch)[1]]
    # The terms are computed in float64, where rounding of ``<w, x>`` is in proportion to its terms.
    tolerance = 1e-13 * (1 + (np.abs(X) @ np.abs(weights)).max())
    np.testing.assert_allclose(_accuracy.terms(PROBLEM, *batch), expected, rtol=tolerance)


@pytest.mark.parametrize("name", extremes())
def test_extremes(implementation, name):
    batch = extremes()[name]
    assert_right(implementation, batch)
    exact_enough = rounding_bound(*batch[:2], np.longdouble)
    assert error(impls.reference(PROBLEM, *batch), batch) <= exact_enough


@pytest.mark.parametrize("y", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("size", [1e-9, 1, 16, 17, 36, 38, 80, 87, 104, 350, 708, 745, 1e4])
@pytest.mark.parametrize("sign", [-1, 1])
def test_one_sample_of_any_size(implementation, sign, size, y):
    """With one sample, no larger term hides lost digits of the layer, or of 1 minus it."""
    assert_right(implementation, (np.array([sign * size]), np.ones((1, 1)), np.array([y])))


def test_small_slopes_keep_their_digits():
    """``sigmoid(-z)`` is 4e-18 at z = 40: as 1 minus the layer it would be 0."""
    gradient = problem.reference(np.array([40.0]), np.ones((1, 1)), np.zeros(1))
    assert float(gradient[0]) == pytest.approx(np.exp(-40), rel=1e-15, abs=0)
    matrix = compute(impls.load(PROBLEM, "matrix"), np.array([40.0]), np.ones((1, 1)), np.zeros(1))
    assert matrix[0] == pytest.approx(np.exp(-40), rel=1e-15, abs=0)


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
    expected = mp.mpf(0)
    for row, label in zip(map(to_mp, X), to_mp(y), strict=True):
        expected += (sigmoid(mp.fdot(to_mp(weights), row)) - label) ** 2 / 2
    # If every residual is 0 up to rounding, so is the loss.
    assert problem.loss(weights, X, y) == pytest.approx(float(expected), rel=1e-11, abs=1e-28)


def test_by_hand(implementation):
    """At weights 0 every layer is 1/2 and its slope 1/4: ``(-(1, 2) + (3, 5)) / 8``."""
    X, y = np.array([[1.0, 2.0], [3.0, 5.0]]), np.array([1.0, 0.0])
    gradient = compute(implementation, np.zeros(2), X, y)
    np.testing.assert_allclose(gradient, [0.25, 0.375], implementation.rtol)
    assert problem.loss(np.zeros(2), X, y) == 0.25


@pytest.mark.parametrize(("target", "expected"), [(0, 9 / 32), (1, -3 / 32), (0.5, 3 / 32)])
def test_by_hand_with_weights(implementation, target, expected):
    """The sigmoid of log 3 is 3/4, its slope 3/16, and x is 2."""
    batch = np.array([np.log(3) / 2]), np.array([[2.0]]), np.array([float(target)])
    np.testing.assert_allclose(compute(implementation, *batch), [expected], implementation.rtol)


@pytest.mark.parametrize(
    ("value", "shown"), [(2, "2.0"), (-1, "-1.0"), (1 + 1e-9, "1.000000001"), (np.nan, "nan")]
)
def test_targets_outside_the_unit_interval_are_refused(value, shown):
    _, X, y = impls.make(PROBLEM, 5, 3)
    y[3] = value
    with pytest.raises(ValueError, match=rf"^y\[3\] is {shown}, expected a target in \[0, 1\]$"):
        problem.check(X, y)


def test_count_operations_and_least_traffic():
    assert problem.count_operations(10, 3) == 10 * (2 * 3 + 2 * 3 + 24)
    assert problem.compulsory_bytes(10, 3) == 8 * (10 * 3 + 10 + 3 + 3)
    assert problem.compulsory_bytes(10, 3, 4) == 4 * (10 * 3 + 10 + 3 + 3)


# The text's epochs and its closed form


def start(seed):
    return 2 * np.random.default_rng(seed).random(3) - 1


def layer(X, weights):
    return 1 / (1 + np.exp(-(X @ weights)))


def text_train(weights, epochs):
    """The text's function with weights as an argument; returns ``(weights, layer)``."""
    X = np.array([[0, 0, 1], [0, 1, 1], [1, 0, 1], [1, 1, 1]])
    output = np.array([[0, 0, 1, 1]]).T
    weights = weights[:, np.newaxis].copy()
    for _ in range(epochs):
        layer = 1 / (1 + np.exp(-np.dot(X, weights)))
        weights += np.dot(X.T, (output - layer) * layer * (1 - layer))
    return weights[:, 0], layer[:, 0]


TRAININGS = [_epochs.train_loop, _epochs.train_compiled]


@pytest.mark.parametrize("train", TRAININGS)
def test_epochs_are_those_of_the_text(train):
    X, y = _epochs.text_batch()
    weights = start(0)
    kept = weights.copy()
    np.testing.assert_allclose(train(weights, X, y, 500), text_train(kept, 500)[0], rtol=1e-12)
    np.testing.assert_array_equal(weights, kept)


@pytest.mark.parametrize("train", TRAININGS)
def test_an_epoch_is_a_step_of_every_implementation(implementation, train):
    weights, X, y = impls.make(PROBLEM, 20, 4)
    step = weights - train(weights, X, y, 1)
    gradient = compute(implementation, weights, X, y)
    np.testing.assert_allclose(step, gradient, rtol=0, atol=20 * implementation.rtol)


@pytest.mark.parametrize("train", TRAININGS)
def test_epochs_of_other_types_and_layouts(train):
    X, y = _epochs.text_batch()
    expected = train(np.ones(3), X, y, 5)
    assert expected.dtype == np.float64
    np.testing.assert_array_equal(train(np.ones(3, int), X, y, 5), expected)
    columns = train(np.ones(3), X.T.copy().T, y, 5)
    np.testing.assert_allclose(columns, expected, rtol=1e-13)
    np.testing.assert_array_equal(train(np.ones(3), X, y, 0), np.ones(3))


@pytest.mark.parametrize("train", TRAININGS)
def test_epochs_do_not_overflow(train):
    X, y = _epochs.text_batch()
    far = np.array([1e4, 1e4, -5e4])
    np.testing.assert_array_equal(train(far, X, y, 3), far)
    np.testing.assert_array_equal(train(-far, X, y, 3), -far)


@pytest.mark.parametrize("seed", [0, 1])
def test_what_the_text_prints(seed):
    """The text prints its layer after 100,000 epochs minus the closed form's, from any start.

    The text's layer is that before the last update, and its start is unknown. Both effects are far
    below the tolerance.
    """
    X, y = _epochs.text_batch()
    trained = layer(X, _epochs.train_compiled(start(seed), X, y, 100_000))
    printed = [0.00301781, 0.00246096, -0.00200824, -0.0024629]
    difference = trained - layer(X, _closed_form.closed_form(X, y))
    np.testing.assert_allclose(difference, printed, rtol=0, atol=1e-5)


def test_closed_form_is_the_formula_of_the_text():
    generator = np.random.default_rng(0)
    X, y, err = generator.random((8, 3)), generator.uniform(0.1, 0.9, 8), 1e-8
    expected = np.linalg.pinv(X) @ -np.log(err + 1 / (err + y) - 1)
    np.testing.assert_allclose(_closed_form.closed_form(X, y), expected, rtol=1e-12)


def test_closed_form_is_where_the_gradient_is_zero():
    """The targets are those of a layer, so they can be fitted."""
    generator = np.random.default_rng(0)
    X, weights = generator.standard_normal((20, 3)), np.array([1.0, -2.0, 0.5])
    y = layer(X, weights)
    found = _closed_form.closed_form(X, y, err=1e-15)
    np.testing.assert_allclose(found, weights, rtol=1e-10)
    assert np.all(np.abs(impls.reference(PROBLEM, found, X, y)) < 1e-10)


@pytest.mark.parametrize("err", [1e-3, 1e-8, 1e-9, 1e-12, 1e-100])
def test_closed_form_is_finite_for_targets_0_and_1(err):
    X, y = _epochs.text_batch()
    weights = _closed_form.closed_form(X, y, err)
    expected = [np.log((1 + err) / err**2), np.log(err / (err**2 + 1 - err))]
    np.testing.assert_allclose(X[[2, 0]] @ weights, expected, rtol=1e-9)
