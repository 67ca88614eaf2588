"""X in fewer bytes: right to the stated tolerance, or refused."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import impls
from impls import _accuracy
from impls._onepass import kernel, limbs, storage, threads

steady = settings(max_examples=40, deadline=None, derandomize=True)


def batch_of(X, seed=0):
    generator = np.random.default_rng(seed)
    weights = generator.standard_normal(X.shape[1]) / np.sqrt(X.shape[1])
    return weights, X, generator.integers(0, 2, len(X)).astype(np.float64)


def error_of(name, weights, X, y):
    implementation = impls.load("logistic", name)
    gradient = implementation.gradient(weights, *implementation.prepare(X, y))
    return impls.relative_error("logistic", gradient, weights, X, y)


@steady
@given(
    shape=st.tuples(st.integers(1, 70), st.integers(1, 20)),
    seed=st.integers(0, 2**32 - 1),
    n_levels=st.sampled_from([1, 2, 17, 256]),
    scale=st.sampled_from([1.0, 1 / 255, 1 / 3, 1e-3]),
    offset=st.sampled_from([0.0, -0.5, 0.1]),
    name=st.sampled_from(["fused_uint8", "auto"]),
)
def test_levels_give_the_gradient_of_the_same_data(shape, seed, n_levels, scale, offset, name):
    levels = np.random.default_rng(seed).integers(0, n_levels, shape)
    X = levels * scale + offset
    # The bound of float64, and a few bits more where an offset cancels most of a level.
    assert error_of(name, *batch_of(X, seed)) <= 8e-15


def test_standardised_images_are_levels():
    weights, X, y = impls.dataset("logistic", "digits_even_odd")
    assert error_of("fused_uint8", weights, X, y) <= 8e-15


@pytest.mark.parametrize(("masks", "n_columns"), [(True, 4), (False, 8)])
def test_levels_are_what_the_data_were(monkeypatch, masks, n_columns):
    monkeypatch.setattr(storage, "masks_levels", lambda: masks)
    levels = np.array([[0, 3, 7], [255, 3, 0], [4, 3, 14]])
    stored = storage.as_levels(levels * [0.25, 2, 1 / 7] + [0, 0, -1])
    np.testing.assert_array_equal(
        stored.levels[:, :4], [[0, 0, 1, 1], [255, 0, 0, 1], [4, 0, 2, 1]]
    )
    assert not stored.levels[:, 4:].any()
    np.testing.assert_allclose(stored.scale, [0.25, 0, 1])
    np.testing.assert_allclose(stored.offset, [0, 6, -1])
    assert stored.shape == (3, 3)
    assert stored.nbytes == 3 * n_columns


REFUSED = {
    "257 levels": np.arange(257.0)[:, None],
    "257 values": np.random.default_rng(0).random((300, 1)),
    "uneven": np.array([[0.0], [1.0], [np.pi]]),
    "one of several": np.column_stack([np.arange(40.0), np.random.default_rng(0).random(40)]),
    "nearly": np.array([[0.0], [1.0], [2 + 1e-12]]),
    "tiny": np.random.default_rng(0).random((300, 1)) * 1e-14,
    "least": np.array([[0.0], [1e-300], [3e-300], [np.pi * 1e-300]]),
    "far apart": np.append(np.tile([1e-15, -1e-15], 5000), 255)[:, None],
    "offset that cancels": np.repeat([-1.0, 1, 0], [4, 4, 992])[:, None],
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_are_no_levels_is_refused_with_the_feature(case):
    X = REFUSED[case]
    with pytest.raises(impls.Unfit, match=rf"feature {X.shape[1] - 1} of X has \d+ values"):
        impls.load("logistic", "fused_uint8").prepare(X, np.zeros(len(X)))


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("rows", [1, 2, 300])
def test_what_is_no_number_is_no_level(value, rows):
    X = np.full((rows, 2), value)
    X[: rows // 2, 1] = 0
    with pytest.raises(impls.Unfit, match=r"feature [01] of X has"):
        storage.as_levels(X)
    assert storage.smallest(X).dtype == np.float64


@pytest.mark.parametrize("scale", [1e-300, 1e-14, 1.0, 1e300])
@pytest.mark.parametrize("offset", [0, -1, 255])
def test_levels_are_found_at_any_scale(scale, offset):
    X = np.random.default_rng(0).integers(0, 256, (40, 5)) * scale + offset * scale
    weights, X, y = batch_of(X)
    assert error_of("fused_uint8", weights / (255 * scale), X, y) <= 8e-15


def test_levels_begin_at_the_end_that_is_nearer_to_0():
    """Most values are then level 0 and nothing cancels, for rare marks on black or on white."""
    X = np.zeros((5000, 2))
    X[:3, 0] = -1, -0.5, -0.25
    X[:, 1] = 254 + (np.arange(5000) % 2)
    X[:3, 1] = 0
    X[:, 1] = (X[:, 1] - X[:, 1].mean()) / X[:, 1].std()
    stored = storage.as_levels(X)
    assert stored.offset[0] == 0
    assert abs(stored.offset[1]) < 0.2
    assert error_of("fused_uint8", *batch_of(X)) <= 8e-15


@pytest.mark.parametrize("value", [0.0, -0.0, 3.0, 5e-324, 1e300])
def test_a_constant_is_a_level(value):
    """A constant column is stored exactly, as its offset or as one level."""
    weights, X, y = batch_of(np.full((30, 5), value))
    stored = storage.as_levels(X)
    assert stored.most_levels == (5 * value if value == 3 else 0)
    np.testing.assert_array_equal(np.asarray(stored), X)
    assert error_of("fused_uint8", weights / max(value, 1), X, y) <= 8e-15


def keep_nothing_near(patch):
    """Make small X be stored like large ones and take their variant of the pass."""
    patch.setattr(storage, "own_cache_bytes", lambda: 0)
    patch.setattr(storage, "own_caches_bytes", lambda: 0)
    patch.setattr(kernel, "ALONE_VALUES", 0)
    patch.setattr(kernel, "threads_pay_from", lambda: 0)
    patch.setattr(threads, "threads_pay_from", lambda: 0)


@pytest.fixture
def nothing_is_near(monkeypatch):
    keep_nothing_near(monkeypatch)


@st.composite
def stored_columns(draw, n_samples):
    """A feature that consists of levels or float32 values, or nearly does."""
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    values = generator.integers(0, draw(st.sampled_from([1, 2, 3, 256, 257])), n_samples) * 1.0
    values += draw(st.sampled_from([0, 0, 0, -1, -128.5, 1e3, 1e9, 2**52]))
    values *= draw(st.sampled_from([1, 1, 1 / 255, 1 / 3, -1]))
    if draw(st.booleans()):
        values *= generator.random(n_samples) < draw(st.sampled_from([0.02, 0.5]))
    if draw(st.integers(0, 3)) == 0:
        values += draw(st.sampled_from([1e-17, 1e-13, 1e-6])) * generator.standard_normal(n_samples)
    return values * 10.0 ** draw(st.sampled_from([0, 0, -14, -45, -300, 33, 280]))


@pytest.fixture(scope="module")
def storing():
    """Implementations that store X in fewer bytes."""
    names = "auto", "fused_uint8", "fused_float32"
    return [impls.load("logistic", name) for name in names]


@settings(max_examples=150, deadline=None, derandomize=True)
@given(data=st.data(), n_samples=st.integers(1, 300))
def test_what_looks_like_levels_is_right_or_refused(storing, data, n_samples):
    columns = [data.draw(stored_columns(n_samples)) for _ in range(data.draw(st.integers(1, 4)))]
    weights, X, y = batch_of(np.column_stack(columns))
    size = np.abs(X).max(axis=0)
    weights /= np.where(size > 0, np.maximum(size, 1e-300), 1)
    exact = impls.reference("logistic", weights, X, y)
    terms = _accuracy.terms("logistic", weights, X, y)
    terms += 1e-310  # values below have fewer digits
    with pytest.MonkeyPatch.context() as patch:
        keep_nothing_near(patch)
        patch.setattr(storage, "masks_levels", lambda: True)
        for implementation in storing:
            try:
                prepared = implementation.prepare(X, y)
            except impls.Unfit:
                assert implementation.name != "auto"
                continue
            error = _accuracy.compare(implementation.gradient(weights, *prepared), exact, terms)
            assert error <= implementation.rtol, implementation.name


@pytest.mark.usefixtures("nothing_is_near")
def test_tiny_data_are_not_taken_for_level_0(monkeypatch):
    monkeypatch.setattr(storage, "masks_levels", lambda: True)
    weights, X, y = impls.make("logistic", 6000, 100)
    assert error_of("auto", weights * 1e14, X * 1e-14, y) <= 1e-14


@pytest.mark.usefixtures("nothing_is_near")
@pytest.mark.parametrize(
    ("n_features", "unit", "masks", "pay", "kind"),
    [
        (3, 1, True, False, np.uint8),
        (3, 1, False, False, np.float32),
        (3, 1 / 255, False, False, np.float64),
        (63, 1, False, True, np.float32),
        (63, 1 / 255, False, True, np.uint8),
        (64, 1, False, True, np.uint8),
        (64, 1, False, False, np.float32),
        (64, 1 / 255, False, False, np.float64),
    ],
)
def test_levels_are_taken_where_they_are_ahead(monkeypatch, n_features, unit, masks, pay, kind):
    """The data are levels and, with a unit of 1, also float32 values."""
    monkeypatch.setattr(storage, "masks_levels", lambda: masks)
    monkeypatch.setattr(limbs, "limbs_pay", lambda n_samples, n_features: pay)
    stored = storage.smallest(np.arange(2.0 * n_features).reshape(2, -1) * unit)
    assert getattr(stored, "levels", stored).dtype == kind


@pytest.mark.usefixtures("nothing_is_near")
@pytest.mark.parametrize(
    ("X", "kind"),
    [
        (np.arange(120.0).reshape(4, 30), storage.Levels),
        (np.random.default_rng(0).random((300, 3), np.float32).astype(np.float64), np.float32),
        (np.random.default_rng(0).random((300, 3)), np.float64),
    ],
)
def test_the_smallest_storage_that_is_exact_is_chosen(monkeypatch, X, kind):
    monkeypatch.setattr(storage, "masks_levels", lambda: True)
    stored = storage.smallest(X)
    assert isinstance(stored, kind) if kind is storage.Levels else stored.dtype == kind
    assert error_of("auto", *batch_of(X)) <= 1e-15


def test_what_is_in_cache_is_left_as_it_is():
    X = np.arange(12.0).reshape(4, 3)
    assert storage.smallest(X) is X
