"""8-bit levels in integers: limbs if they hold what float64 holds, otherwise another way."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import impls
from impls._onepass import limbs, storage
from impls._onepass.kernel import make_kernel
from impls._onepass.storage import as_levels
from impls.logistic._terms import terms
from impls.poisson._terms import terms as poisson_terms
from tests._guarded import guarded


@pytest.fixture(autouse=True, scope="module")
def at_any_size():
    """Use limbs at sizes where they do not pay off, so that small data test them."""
    if not limbs._N_WORDS:
        pytest.skip("limbs need AVX-512 VNNI or AVX2 alone, which numba does not use here")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(limbs, "_FEWEST_FEATURES", {32: 1, 16: 1})
        patch.setattr(limbs, "_FEWEST_LEVELS", 1)
        patch.setattr(limbs, "count_threads", lambda: 2)
        yield


def gradient_of(weights, X, y):
    implementation = impls.load("logistic", "fused_uint8")
    return implementation.gradient(weights, *implementation.prepare(X, y))


def error_of(weights, X, y):
    return impls.relative_error("logistic", gradient_of(weights, X, y), weights, X, y)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    shape=st.tuples(st.integers(8, 300), st.integers(1, 200)),
    seed=st.integers(0, 2**32 - 1),
    size=st.sampled_from([0.0, 1e-250, 1e-9, 0.1, 1.0, 5.0, 30.0, 1e4]),
    offset=st.sampled_from([0, 128]),
)
def test_limbs_give_the_gradient_of_the_same_data(shape, seed, size, offset):
    generator = np.random.default_rng(seed)
    X = (generator.integers(0, 256, shape) - offset) / 255
    weights = size * generator.standard_normal(shape[1]) / np.sqrt(shape[1])
    assert error_of(weights, X, generator.integers(0, 2, shape[0]).astype(float)) <= 8e-15


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    shape=st.tuples(st.integers(8, 100), st.integers(1, 70)),
    seed=st.integers(0, 2**32 - 1),
    powers=st.lists(st.sampled_from([-300, -14, 0, 40, 300]), min_size=1, max_size=5),
    offset=st.sampled_from([0, 128]),
)
def test_levels_of_all_scales_side_by_side(shape, seed, powers, offset):
    generator = np.random.default_rng(seed)
    scale = 10.0 ** np.resize(powers, shape[1])
    X = (generator.integers(0, 256, shape) - offset) * scale
    weights = generator.standard_normal(shape[1]) / np.sqrt(shape[1]) / (255 * scale)
    assert error_of(weights, X, generator.integers(0, 2, shape[0]).astype(float)) <= 8e-15


def test_an_infinite_residual_is_not_lost():
    """poisson's is where z is above 709; limbs would turn it into a number."""
    prepare, gradient, *_ = make_kernel(poisson_terms, as_levels)
    X = np.full((64, 20), 200.0)
    X[::2, 0] = 0
    assert not np.isfinite(gradient(np.full(20, 0.25), *prepare(X, np.ones(64)))).any()


@pytest.mark.parametrize("n_features", [3, 191, 784])
def test_levels_that_are_all_0_have_a_gradient_of_0(n_features):
    assert not gradient_of(np.ones(n_features), np.zeros((64, n_features)), np.ones(64)).any()


# Blocks have 256 rows and chunks 2,048 features: one chunk, a full one, and several.
@pytest.mark.parametrize(
    ("n_features", "power"), [(190, -10), (2047, -14), (2048, -14), (4200, -15)]
)
@pytest.mark.parametrize("sign", [1, -1])
def test_the_largest_sums_fit(n_features, power, sign):
    """Levels of 255, and weights and residuals just below a power of 2, give the largest limbs."""
    X = np.full((1200, n_features), 255.0)
    weights = np.full(n_features, sign * np.nextafter(2.0**power, 0))
    assert error_of(weights, X, np.full(len(X), float(sign < 0))) <= 8e-15


# One row with a small residual, and more than half of the rows.
@pytest.mark.parametrize("n_small", [1, 44])
@pytest.mark.parametrize("z", [-12.0, -20.0, -600.0])
def test_features_of_samples_with_small_residuals_keep_their_digits(n_small, z):
    X = np.zeros((64, 191))
    X[:n_small, :190], X[n_small:, 190] = 255, 255
    weights = np.append(np.full(190, z / 255 / 190), 1e-3)
    gradient = gradient_of(weights, X, np.zeros(64))
    expected = n_small * 255 * np.exp(z) / (1 + np.exp(z))
    assert gradient[:190] == pytest.approx(np.full(190, expected), rel=1e-12, abs=0)


@pytest.mark.parametrize("most", [1, 255])
def test_usual_weights_go_through_limbs(monkeypatch, most):
    monkeypatch.setattr(storage, "compute", None)
    generator = np.random.default_rng(0)
    X = generator.integers(0, most + 1, (100, 784)) / most
    levels = as_levels(X)
    gradient = levels.gradient(
        terms.addresses[8], generator.standard_normal(784) / 28, np.ones(100)
    )
    assert np.isfinite(gradient).all()


def test_weights_that_limbs_cannot_hold_go_another_way():
    X = np.zeros((64, 2))
    X[:32, 0], X[32:, 1] = 255, 255
    weights = np.array([1e9, 1e-9])
    assert limbs.split_weights(weights, as_levels(X).most_levels) is None
    assert error_of(weights, X, np.zeros(64)) <= 8e-15


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_what_is_no_number_is_seen(value):
    levels = as_levels(np.full((16, 3), 255.0))
    with np.errstate(invalid="ignore"):
        assert np.isnan(
            levels.gradient(terms.addresses[8], np.array([value, -value, 1]), np.zeros(16))
        ).all()


@pytest.mark.parametrize(
    ("n_features", "offset", "n_columns"),
    [(70, 0, 128), (127, 1.5, 128), (128, 0, 128), (128, 1.5, 192)],
)
def test_levels_that_go_through_limbs_fill_cache_lines(n_features, offset, n_columns):
    """An offset adds a column of ones, which sums up the residuals."""
    X = np.eye(16, n_features) + offset
    levels = as_levels(X).levels
    assert levels.shape == (16, n_columns)
    assert levels.ctypes.data % 64 == 0
    after = np.zeros(n_columns - n_features)
    after[:1] = offset > 0
    assert np.array_equal(levels[15, 15:], [1] + [0] * (n_features - 16) + list(after))


@pytest.mark.parametrize("at_end", [False, True])
@pytest.mark.parametrize("n_samples", [*range(8, 24), 65, 67, 129, 203])
def test_no_level_beside_the_data_is_read(n_samples, at_end):
    generator = np.random.default_rng(n_samples)
    X = generator.integers(0, 256, (n_samples, 127)).astype(np.float64)
    levels = as_levels(X)
    levels = replace(levels, levels=guarded(levels.levels, at_end))
    weights, y = generator.standard_normal(127) / 1000, generator.integers(0, 2, n_samples) * 1.0
    gradient = levels.gradient(terms.addresses[8], weights, guarded(y, at_end))
    assert impls.relative_error("logistic", gradient, weights, X, y) <= 8e-15
