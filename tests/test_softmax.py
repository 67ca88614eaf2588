"""The softmax gradient of every implementation, compared with one in multiple precision.

The loss and its gradient here are written from the definition with mpmath and share no code with
`impls.reference`, which is itself compared with them.
"""

import re
import socket
from functools import partial
from typing import NamedTuple
from urllib import request
from urllib.error import URLError

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import impls
from impls import _accuracy, _chunks, _measure, _numerics
from impls import softmax as problem
from impls._onepass import load
from impls.softmax import _batch_softmax, _files, _one_pass
from tests._exact import residual_error, stored_type
from tests._guarded import guarded
from tests._loading import installed, load_or_skip

PROBLEM = "softmax"

mp = mpmath.MPContext()
mp.dps = 60
# Added to every probability in the unit of the error, because float32 rounds below it to 0.
TINY = mp.mpf(2) ** -126


class Batch(NamedTuple):
    weights: np.ndarray
    X: np.ndarray
    y: np.ndarray


@pytest.fixture(scope="module", params=installed(PROBLEM))
def implementation(request):
    return load_or_skip(PROBLEM, request.param)


# The measure


def to_mp(values) -> list:
    """The numbers of an array of any real type, without rounding, as nested lists."""
    if np.ndim(values):
        return [to_mp(part) for part in values]
    numerator, denominator = np.longdouble(values).as_integer_ratio()
    return mp.mpf(numerator) / denominator


def probabilities(weights, x) -> list:
    exps = [mp.exp(mp.fdot(w, x)) for w in weights]
    total = mp.fsum(exps)
    return [e / total for e in exps]


def exact_loss(weights, X, y):
    """Mean over the samples of minus the logarithm of the probability of the true class."""
    pairs = zip(X, y, strict=True)
    return -mp.fsum(mp.log(probabilities(weights, x)[int(k)]) for x, k in pairs) / len(X)


def exact(*batch) -> tuple[np.ndarray, np.ndarray]:
    """Gradient and sum of the absolute terms, component by component; computed once per batch."""
    key = tuple((array.dtype.str, array.shape, array.tobytes()) for array in batch)
    if key not in KNOWN:
        KNOWN[key] = add_samples(*batch)
    return KNOWN[key]


KNOWN = {}


def add_samples(weights, X, y):
    weights, X = to_mp(weights), to_mp(X)
    gradient = np.full((len(weights), len(X[0])), mp.mpf(0))
    terms = gradient.copy()
    for x, label in zip(map(np.array, X), y, strict=True):
        p = probabilities(weights, x)
        spreads = [mp.fdot(map(abs, w), map(abs, x)) for w in weights]
        mean_spread = mp.fdot(p, spreads)
        for k in range(len(weights)):
            hit = int(k == label)
            gradient[k] += (p[k] - hit) * x / len(X)
            terms[k] += (p[k] * (1 + spreads[k] + mean_spread) + hit + TINY) * abs(x) / len(X)
    return gradient, terms


def error(actual, *batch, off=0.0) -> float:
    """Largest error of a component, relative to its absolute terms and `off` per residual."""
    assert isinstance(actual, np.ndarray)
    assert actual.shape == batch[0].shape
    assert np.all(np.isfinite(actual)), actual
    gradient, terms = exact(*batch)
    terms = terms + off * np.abs(batch[1], dtype=np.float64).mean(axis=0)
    apart = abs(np.array(to_mp(actual)) - gradient)
    return float(max(apart[apart > 0] / terms[apart > 0], default=0))  # infinite if they are 0


def rounding_bound(batch, dtype) -> float:
    """Largest error that rounding in `dtype` can cause, in any order of additions.

    To first order, in units of half the last place: d for each logit and 3 for the argument of
    exp, both times what the unit has for them; K for the sum of exps and log K for the part of a
    logit's size that the unit leaves out; some 10 for exp, quotient, residual, product and mean;
    n for adding n terms.
    """
    n_classes, n_features = batch.weights.shape
    return (len(batch.X) + n_features + 2 * n_classes + 20) * float(np.finfo(dtype).eps) / 2


def bound(implementation, batch) -> float:
    """RTOL of an implementation if it states one, otherwise the bound of float64 rounding."""
    if "RTOL" in implementation.options:
        return implementation.rtol
    return min(implementation.rtol, rounding_bound(batch, np.float64))


def compute(implementation, batch):
    return implementation.gradient(batch.weights, *implementation.prepare(batch.X, batch.y))


def assert_right(implementation, batch):
    actual, allowed = compute(implementation, batch), bound(implementation, batch)
    assert error(actual, *batch, off=residual_error(implementation) / allowed) <= allowed


# Random data and extremes


@st.composite
def batches(draw) -> Batch:
    n_samples, n_features = draw(st.integers(1, 13)), draw(st.integers(1, 9))
    n_classes = draw(st.integers(1, 6))
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    X = generator.standard_normal((n_samples, n_features))
    X *= generator.random(X.shape) >= draw(st.sampled_from([0, 0.5, 0.95]))  # zeros
    spread = draw(st.sampled_from([0, 1e-4, 1, 30, 1000]))
    weights = spread * generator.standard_normal((n_classes, n_features)) / np.sqrt(n_features)
    return Batch(weights, X, generator.integers(0, n_classes, n_samples))


# The examples are the same on every run, so that a failure is caused by a change.
steady = settings(max_examples=30, deadline=None, derandomize=True)


@steady
@given(batch=batches())
def test_random_data(implementation, batch):
    assert_right(implementation, batch)


def assert_measure_is_right(batch):
    reference = impls.reference(PROBLEM, *batch)
    assert reference.dtype == np.longdouble
    assert error(reference, *batch) <= rounding_bound(batch, np.longdouble)
    terms = exact(*batch)[1].astype(np.float64)
    np.testing.assert_allclose(_accuracy.terms(PROBLEM, *batch), terms, rtol=1e-10)


def assert_loss_is_right(batch):
    """The bound is the rounding of the logits, relative to their largest sum of absolute terms."""
    wanted = exact_loss(to_mp(batch.weights), to_mp(batch.X), batch.y)
    scale = 1 + (np.abs(batch.X) @ np.abs(batch.weights).T).max()
    assert abs(problem.loss(*batch) - wanted) <= rounding_bound(batch, np.float64) * scale


@steady
@given(batch=batches())
def test_reference_terms_and_loss_on_random_data(batch):
    assert_measure_is_right(batch)
    assert_loss_is_right(batch)


def draw(n_samples, n_features, seed=0) -> Batch:
    return Batch(*impls.make(PROBLEM, n_samples, n_features, seed))


SMALL = draw(11, 4)
EXTREMES = {
    name: Batch(*batch) for name, batch in problem.extreme_batches(np.random.default_rng(1)).items()
} | {
    "zero column": SMALL._replace(X=SMALL.X * [1, 1, 0, 1]),
    "one number": draw(1, 1),
    # exp underflows at -104 in float32 and at -745 in float64.
    "all magnitudes": Batch(
        np.array([[1.0], [0.0], [-1.0]]),
        np.array([[1e-9, 1e-3, 1, 30, 87, 88, 104, 708, 745, 746, 1e4, -104, -746, -1e4]]).T,
        np.arange(14) % 3,
    ),
}


@pytest.mark.parametrize("name", EXTREMES)
def test_extremes(implementation, name):
    assert_right(implementation, EXTREMES[name])


@pytest.mark.parametrize("name", EXTREMES)
def test_reference_terms_and_loss_on_extremes(name):
    assert_measure_is_right(EXTREMES[name])
    assert_loss_is_right(EXTREMES[name])


def test_extremes_are_extreme():
    for name in ("|z| = 1e4", "|z| = 1e4, all right", "|z| = 1e4, all wrong", "rows 2e4 apart"):
        weights, X, _ = EXTREMES[name]
        assert 9e3 < np.abs(X @ weights.T).max() < 1.1e4
    weights, X, _ = EXTREMES["rows 2e4 apart"]
    best = (X @ weights.T).max(axis=1)
    assert best.max() - best.min() > 750  # exp(-750) is 0 in float64
    assert problem.loss(*EXTREMES["|z| = 1e4, all right"]) < 1e-3
    assert problem.loss(*EXTREMES["|z| = 1e4, all wrong"]) > 1e3


@pytest.mark.parametrize("sign", [-1, 1])
def test_scales(implementation, sign):
    """Features at both ends of the prepared type's range, with weights to match."""
    implementation.prepare(SMALL.X, SMALL.y)  # skips the test if it cannot store these data
    scale = 2.0 ** (sign * (np.finfo(stored_type(implementation)).maxexp // 2 - 4))
    assert_right(implementation, Batch(SMALL.weights / scale, SMALL.X * scale, SMALL.y))


@pytest.mark.parametrize("n_rows", [0.5, 4])
def test_chunk_and_block_boundaries(implementation, monkeypatch, n_rows):
    row_bytes = implementation.prepare(SMALL.X, SMALL.y)[0].dtype.itemsize * (4 + 10)
    monkeypatch.setattr(_chunks, "chunk_bytes", lambda: int(n_rows * row_bytes))
    monkeypatch.setattr(_numerics, "BLOCK_ELEMENTS", int(n_rows * 10))
    assert_right(implementation, SMALL)
    assert_measure_is_right(SMALL)
    assert_loss_is_right(SMALL)


# Formula


def test_gradient_is_the_slope_of_the_loss():
    """By a central difference: with a step of 1e-20, the third derivative leaves 1e-40."""
    batch = draw(5, 3)
    weights, X, step = to_mp(batch.weights), to_mp(batch.X), mp.mpf(10) ** -20
    gradient = exact(*batch)[0]
    for k in range(10):
        for j in range(3):
            losses = []
            for move in (step, -step):
                moved = [list(row) for row in weights]
                moved[k][j] += move
                losses.append(exact_loss(moved, X, batch.y))
            assert abs((losses[0] - losses[1]) / (2 * step) - gradient[k, j]) < mp.mpf(10) ** -35


def test_by_hand(implementation):
    """Probabilities 3/4 and 1/4, labels 0 and 1: ``-1/4 x`` and ``3/4 x`` in the first row."""
    batch = Batch(np.array([[np.log(3)], [0.0]]), np.ones((2, 1)), np.array([0, 1]))
    np.testing.assert_allclose(compute(implementation, batch), [[0.25], [-0.25]], rtol=1e-6)
    assert problem.loss(*batch) == pytest.approx((np.log(4 / 3) + np.log(4)) / 2)


def test_softmax_over_the_batch_is_the_texts_and_wrong():
    weights, X, y = draw(30, 4)
    text = np.array([[np.exp(w @ x) for w in weights] for x in X])
    text /= text.sum()
    text[range(30), y] -= 1
    gradient = _batch_softmax.gradient(weights, X, y)
    np.testing.assert_allclose(gradient, text.T @ X / 30, atol=1e-14)
    assert impls.relative_error(PROBLEM, gradient, weights, X, y) > 0.1
    one = _batch_softmax.gradient(weights, X[:1], y[:1])  # a batch of one is its row
    assert impls.relative_error(PROBLEM, one, weights, X[:1], y[:1]) <= 1e-15


def test_predict_and_zero_weights():
    X, y = np.eye(3), np.array([0.0, 4, 1])
    np.testing.assert_array_equal(problem.zero_weights(X, y), np.zeros((5, 3)))
    weights = np.array([[0, 0, 2], [0, 3, 2], [1, 0, 0]])
    np.testing.assert_array_equal(problem.predict(weights, X), [2, 1, 0])


# One pass: loss and gradient, tiles, blocks and shares


ONE_PASS = "impls.softmax._one_pass"
FUSED = [name for name in impls.names(PROBLEM) if name.startswith("fused")]


@pytest.fixture(params=FUSED)
def fused(request):
    return load_or_skip(PROBLEM, request.param)


def drawn(n_samples, n_features, n_classes):
    """A batch of any number of classes."""
    generator = np.random.default_rng([n_samples, n_features, n_classes])
    weights = generator.standard_normal((n_classes, n_features)) / np.sqrt(n_features)
    X = generator.standard_normal((n_samples, n_features))
    return Batch(weights, X, generator.integers(0, n_classes, n_samples))


@pytest.mark.parametrize("name", EXTREMES)
def test_loss_and_gradient_of_one_pass(fused, name):
    """The gradient is `gradient`'s own; the loss is off by the rounding of its logits at most."""
    batch = EXTREMES[name]
    prepared = fused.prepare(batch.X, batch.y)
    loss, gradient = fused.loss_gradient(batch.weights, *prepared)
    assert np.array_equal(gradient, fused.gradient(batch.weights, *prepared))
    eps = np.finfo(np.asarray(prepared[0]).dtype).eps
    sizes = np.abs(batch.X) @ np.abs(batch.weights).T
    bound = (batch.X.shape[1] + 40) * eps * (1 + sizes.max(axis=1).mean())
    assert isinstance(loss, float)
    assert abs(loss - float(exact_loss(*map(to_mp, batch[:2]), batch.y))) <= bound


def assert_like_the_reference(fused, batch):
    """Gradient and loss, of X and y between two unreadable pages."""
    X, y = fused.prepare(batch.X, batch.y)
    eps = float(np.finfo(X.dtype).eps)
    expected = problem.loss(*batch)
    for at_end in (False, True):
        prepared = guarded(X, at_end), guarded(y, at_end)
        loss, gradient = fused.loss_gradient(batch.weights, *prepared)
        error = impls.relative_error(PROBLEM, gradient, *batch)
        assert error <= min(fused.rtol, 100 * eps)
        assert loss == pytest.approx(expected, rel=30 * eps)


# Sizes on both sides of tiles of 1 to 6 classes, of 4 and 8 rows and of vectors of 8 and 16
# numbers, of blocks of rows and of features, and of what is transposed or copied.
N_SAMPLES = [1, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 63, 64, 65, 127, 128, 129, 300]
N_FEATURES = [1, 7, 8, 9, 15, 16, 17, 23, 31, 32, 33, 48, 63, 64, 65, 79, 129, 341, 600, 1500]
N_CLASSES = [1, 2, 3, 4, 5, 6, 7, 8, 11, 12, 13, 18, 19, 24, 25, 37, 100]


@pytest.mark.parametrize("n_samples", N_SAMPLES)
def test_sizes_of_the_batch(fused, n_samples):
    for n_features, n_classes in ((37, 5), (9, 13)):
        assert_like_the_reference(fused, drawn(n_samples, n_features, n_classes))


@pytest.mark.parametrize("n_features", N_FEATURES)
def test_numbers_of_features(fused, n_features):
    for n_samples, n_classes in ((45, 2), (21, 10), (70, 3)):
        assert_like_the_reference(fused, drawn(n_samples, n_features, n_classes))


@pytest.mark.parametrize("n_classes", N_CLASSES)
def test_numbers_of_classes(fused, n_classes):
    for n_samples, n_features in ((29, 19), (66, 450)):
        assert_like_the_reference(fused, drawn(n_samples, n_features, n_classes))


def test_a_product_of_many_sums_of_exps_does_not_overflow(fused):
    """128 sums of 300 exps of 0 each, whose product is 1e317."""
    batch = drawn(128, 3, 300)._replace(weights=np.zeros((300, 3)))
    loss, _ = fused.loss_gradient(batch.weights, *fused.prepare(batch.X, batch.y))
    assert loss == pytest.approx(np.log(300), rel=1e-6)


@pytest.mark.parametrize("n_shares", [1, 2, 3])
@pytest.mark.parametrize(("n_features", "n_classes"), [(12, 10), (70, 3), (130, 40)])
def test_shares_and_blocks_from_memory(fused, monkeypatch, n_shares, n_features, n_classes):
    """What is prefetched for X from memory changes nothing, nor do threads beyond rounding."""
    monkeypatch.setattr(load.Load, "asks_for_threads", lambda self, now: True)
    batch = drawn(1003, n_features, n_classes)
    prepared = fused.prepare(batch.X, batch.y)
    monkeypatch.setattr(f"{ONE_PASS}._THREADS_PAY_FROM", np.inf)
    alone = fused.gradient(batch.weights, *prepared)
    monkeypatch.setattr(f"{ONE_PASS}.own_cache_bytes", lambda: 0)
    monkeypatch.setattr(f"{ONE_PASS}._THREADS_PAY_FROM", 0)
    monkeypatch.setattr(f"{ONE_PASS}.count_threads", lambda: n_shares)
    assert_like_the_reference(fused, batch)
    gradients = [fused.gradient(batch.weights, *prepared) for _ in range(3)]
    assert all(np.array_equal(gradients[0], gradient) for gradient in gradients)
    if n_shares == 1:
        assert np.array_equal(gradients[0], alone)


@pytest.mark.parametrize(("most_bytes", "is_kept"), [(2**20, True), (100, False)])
def test_tables_are_kept_for_the_next_call_unless_they_are_large(
    fused, monkeypatch, most_bytes, is_kept
):
    room = _one_pass._Room()
    monkeypatch.setattr(_one_pass, "_room", room)
    monkeypatch.setattr(_one_pass, "_MOST_KEPT_BYTES", most_bytes)
    batch = drawn(200, 12, 3)
    for n_samples in (200, 70, 200, 10, 200):  # 10: no tables
        part = batch._replace(X=batch.X[:n_samples], y=batch.y[:n_samples])
        assert_like_the_reference(fused, part)
    kept = room.tables
    assert_like_the_reference(fused, batch)
    assert room.tables is kept
    assert bool(kept.size) is is_kept


@pytest.mark.parametrize(("n_features", "n_classes"), [(10, 10), (100, 3), (30, 40)])
def test_workspace_does_not_grow_with_the_batch(fused, n_features, n_classes, monkeypatch):
    """Per thread: weights, a gradient, logits and columns of a block of 128 rows and a vector."""
    monkeypatch.setattr(load.Load, "asks_for_threads", lambda self, now: True)
    numba = pytest.importorskip("numba")
    n_bytes = []
    for n_samples in (2000, 8000):
        batch = drawn(n_samples, n_features, n_classes)
        prepared = fused.prepare(batch.X, batch.y)
        call = partial(fused.kernel, batch.weights, *prepared)
        n_bytes.append(_measure.workspace_bytes(call))
    table, block = n_classes * (n_features + 16), (n_classes + n_features + 20) * 144
    n_threads = numba.get_num_threads()
    # Not of each other: what two threads allocate need not be there at the same time.
    assert max(n_bytes) <= 8 * (table + n_threads * (2 * table + block)) + 4000


def test_weights_of_any_layout(fused):
    batch = drawn(80, 30, 7)
    prepared = fused.prepare(batch.X, batch.y)
    expected = fused.gradient(batch.weights, *prepared)
    wide = np.zeros((7, 60))
    wide[:, ::2] = batch.weights
    for weights in (np.asfortranarray(batch.weights), wide[:, ::2]):
        assert np.array_equal(fused.kernel(weights, *prepared), expected)


# What may be handed in


def test_labels_of_any_whole_type_are_of_one_type_once_prepared(implementation):
    if implementation.takes_rows:
        pytest.skip("its labels lie elsewhere, in their own type")
    taken = np.intp if "PEER" not in implementation.options else None
    for dtype in (np.intp, np.float32, np.int8, np.uint64, ">f8"):
        labels = implementation.prepare(SMALL.X, SMALL.y.astype(dtype))[1]
        taken = taken or labels.dtype
        assert labels.dtype == taken
        assert labels.tolist() == SMALL.y.tolist()


# Bad input


BAD_BATCHES = {
    "y short": ("y", np.zeros(10), ValueError, "y has shape (10,), expected (11,)"),
    "y negative": ("y", np.arange(11) - 1, ValueError, "y[0] is -1, expected a whole label from 0"),
    "y not whole": ("y", np.arange(11) / 2, ValueError, "y[1] is 0.5, expected a whole label"),
    "y NaN": ("y", np.full(11, np.nan), ValueError, "y[0] is nan, expected a whole label from 0"),
    "y infinite": ("y", np.full(11, np.inf), ValueError, "y[0] is inf, expected a whole label"),
    "y vast": ("y", np.full(11, 2**63, np.uint64), ValueError, "y[0] is 9223372036854775808, e"),
    "y above": ("y", np.full(11, 10), ValueError, "y holds the label 10, expected 0 to 9: weights"),
    "weights 1-D": ("weights", np.ones(4), ValueError, "weights has shape (4,), expected 2 dim"),
    "weights wide": ("weights", np.ones((10, 5)), ValueError, "weights has shape (10, 5), expe"),
    "few weights": ("weights", np.ones((2, 4)), ValueError, "y holds the label 8, expected 0 to 1"),
}


@pytest.mark.parametrize("case", BAD_BATCHES)
def test_bad_batches_are_refused(case):
    argument, value, kind, message = BAD_BATCHES[case]
    batch = SMALL._replace(**{argument: value})
    matrix = impls.load(PROBLEM, "matrix")
    for call in (lambda: compute(matrix, batch), lambda: impls.reference(PROBLEM, *batch)):
        with pytest.raises(kind, match=f"^{re.escape(message)}"):
            call()


def test_unprepared_labels_do_not_count_from_the_end():
    with pytest.raises(ValueError, match=r"^y holds the label -1, expected 0 to 9"):
        problem.check_shapes(SMALL.weights, SMALL.X, SMALL.y - 1)


# Files


GOOD = {
    "X_train": np.arange(6 * 4, dtype=np.uint8).reshape(6, 2, 2) * 10,
    "y_train": np.array([0, 1, 2, 3, 4, 5], np.uint8),
    "X_test": np.full((2, 2, 2), 255, np.uint8),
    "y_test": np.array([5, 0], np.uint8),
}


def load_arrays(folder, arrays, pixel_max=None):
    """The result of loading a file of these arrays, and the sentences about it."""
    words = []
    np.savez(folder / "mini.npz", **arrays)
    return _files.load_npz(folder / "mini.npz", pixel_max, words.append), words


# Forms in which the digits, of pixels 0 to 16, may be saved, and what is said of the divisor.
DIGITS = {
    "0 to 16": (lambda pixels: pixels.astype(np.int64), "by 16"),
    "bytes of 0 and 1": (lambda pixels: (pixels > 7).astype(np.uint8), "by 1,"),
    "booleans": (lambda pixels: pixels > 7, "by 1,"),
    "bytes": (lambda pixels: np.round(pixels * 255 / 16).astype(np.uint8), "by 255"),
    "16 bits": (lambda pixels: (pixels * 4095).astype(np.uint16), "by 65520"),
    "floats of 0 to 1": (lambda pixels: pixels / 16, None),
    "floats of 0 to 255": (lambda pixels: pixels * (255 / 16), "floats of up to 255 are taken as"),
}


@pytest.mark.parametrize("form", DIGITS)
def test_pixels_are_scaled_by_what_they_hold(tmp_path, form):
    save, expected = DIGITS[form]
    bundled = X_train, y_train, X_test, y_test = _files.split_digits()
    images = {"X_train": save(16 * X_train[:, 1:]), "X_test": save(16 * X_test[:, 1:])}
    (*parts,), words = load_arrays(tmp_path, images | {"y_train": y_train, "y_test": y_test})
    if form.startswith("floats of 0 to 255"):
        parts[0][:, 1:] /= 255
        parts[2][:, 1:] /= 255
    tolerance = 0.5 if save(np.array([16.0]))[0] == 1 and form != "floats of 0 to 1" else 0.002
    for found, original in zip(parts, bundled, strict=True):
        np.testing.assert_allclose(found, original, rtol=0, atol=tolerance)
    assert [expected in text for text in words] == ([True] if expected else [])


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_the_largest_pixel_can_be_given(tmp_path, dtype):
    images = {key: GOOD[key].astype(dtype) for key in ("X_train", "X_test")}
    (X_train, _, X_test, _), words = load_arrays(tmp_path, GOOD | images, pixel_max=510)
    np.testing.assert_allclose(X_train[1, 1:], np.array([40, 50, 60, 70]) / 510)
    assert np.all(X_test[:, 1:] == 0.5)
    assert words == []
    with pytest.raises(
        ValueError, match=r"X_test has 255\S* in image 0, pixel 0, expected at most 2"
    ):
        load_arrays(tmp_path, GOOD | images, pixel_max=254)


def test_images_of_zeros_stay_zeros(tmp_path):
    images = {key: np.zeros_like(GOOD[key]) for key in ("X_train", "X_test")}
    (X_train, *_), _ = load_arrays(tmp_path, GOOD | images)
    assert X_train.sum() == len(X_train)


def test_the_names_of_keras_are_taken(tmp_path):
    ours, _ = load_arrays(tmp_path, GOOD)
    theirs, _ = load_arrays(tmp_path, {key.lower(): array for key, array in GOOD.items()})
    assert all(np.array_equal(a, b) for a, b in zip(ours, theirs, strict=True))


@pytest.mark.parametrize(("divisor", "expected"), [(1, 40 / 255), (np.float32(160), 0.25)])
def test_integers_are_scaled_and_images_flattened(tmp_path, divisor, expected):
    images = GOOD if divisor == 1 else {k: GOOD[k] / divisor for k in ("X_train", "X_test")}
    np.savez_compressed(tmp_path / "mini.npz", **GOOD | images)
    X_train, y_train, X_test, y_test = _files.load_npz(str(tmp_path / "mini.npz"))
    np.testing.assert_allclose(X_train[1], [1, *(expected * np.array([1, 1.25, 1.5, 1.75]))])
    assert X_test.shape == (2, 5)
    np.testing.assert_array_equal(y_train, range(6))
    np.testing.assert_array_equal(y_test, [5, 0])
    assert (X_train.dtype, y_train.dtype) == (np.float64, np.intp)
    assert X_train.flags.c_contiguous


BAD_FILES = {
    "1-D": ("X_train", np.ones(6), "X_train has shape (6,), expected (n, d) or (n, height, width)"),
    "empty": ("X_test", np.ones((0, 4)), "X_test has shape (0, 4), expected (n, d) or (n, h"),
    "complex": ("X_test", np.ones((2, 4), complex), "X_test is of type complex128, expected real"),
    "NaN": ("X_test", np.full((2, 4), np.nan), "X_test has nan in image 0, pixel 0, expected a"),
    "pixel": ("X_test", np.full((2, 4), -1), "X_test has -1 in image 0, pixel 0, expected an int"),
    "floats": (
        "X_test",
        np.ones((2, 4)),
        "X_train is of type uint8 and X_test of type float64, ex",
    ),
    "scale": ("X_test", np.full((2, 4), 999), "X_test holds pixels of up to 999 and X_train of up"),
    "two": ("x_train", GOOD["X_train"], "it has both X_train and x_train, expected one of them"),
    "neither": (
        "X_test",
        None,
        "it has no X_test or x_test, it has X_train, y_train, y_test; np.s",
    ),
    "length": ("y_test", np.zeros(3), "y_test has shape (3,), expected (2,): a label for each"),
    "column": ("y_train", np.zeros((6, 1)), "y_train has shape (6, 1), expected (6,): a label"),
    "features": ("X_test", np.ones((2, 9)), "X_train has 4 pixels per image and X_test 9, expect"),
    "not whole": ("y_train", np.arange(6) / 2, "y_train[1] is 0.5, expected a whole label from 0"),
    "negative": ("y_test", np.array([0, -1]), "y_test[1] is -1, expected a whole label from 0"),
    "unseen": ("y_test", np.array([0, 6]), "y_test holds the label 6, expected 0 to 5, the larg"),
    "missing": ("y_test", None, "it has no y_test, it has X_train, y_train, X_test; np.savez(p"),
    "pickled": ("y_test", np.array([0, None]), "Object arrays cannot be loaded when allow_pickle"),
}


@pytest.mark.parametrize("case", BAD_FILES)
def test_bad_arrays_in_a_file(tmp_path, case):
    key, value, message = BAD_FILES[case]
    arrays = {name: a for name, a in (GOOD | {key: value}).items() if a is not None}
    np.savez(tmp_path / "mini.npz", **arrays)
    with pytest.raises(ValueError, match=re.escape(message)) as raised:
        _files.load_npz(tmp_path / "mini.npz")
    assert str(raised.value).startswith(str(tmp_path / "mini.npz"))


def damage(content):
    """Change a byte of the first array in the file."""
    return content[:200] + bytes([content[200] ^ 255]) + content[201:]


CHANGES = {
    "empty": (lambda content: b"", "is no .npz or a damaged one, expected an .npz file with X_tr"),
    "text": (lambda content: b"X_train", "is no .npz or a damaged one, expected an .npz file wit"),
    "cut": (lambda content: content[:500], "is no .npz or a damaged one, expected an .npz file"),
    "damaged": (damage, "is not an .npz file with X_train, y_train, X_test, y_test: Bad CRC-32"),
}


@pytest.mark.parametrize("case", CHANGES)
def test_broken_files(tmp_path, case):
    change, message = CHANGES[case]
    path = tmp_path / "mini.npz"
    np.savez(path, **GOOD)
    path.write_bytes(change(path.read_bytes()))
    with pytest.raises(ValueError, match=re.escape(f"{path} {message}")) as raised:
        _files.load_npz(path)
    assert str(raised.value).endswith("y_test=y_test) writes it")


@pytest.mark.parametrize("name", ["absent.npz", "."])
def test_a_missing_file(tmp_path, name):
    with pytest.raises(
        FileNotFoundError, match=r"^there is no file .*, expected an .npz file with"
    ):
        _files.load_npz(tmp_path / name)


def test_mnist_is_split_as_ever(monkeypatch):
    pixels, digit = np.full((70_000, 2), 255), np.array(["7"] * 60_000 + ["3"] * 10_000)
    monkeypatch.setattr("sklearn.datasets.fetch_openml", lambda *_, **options: (pixels, digit))
    X_train, y_train, X_test, y_test = _files.fetch_mnist()
    assert (X_train.shape, X_test.shape) == ((60_000, 3), (10_000, 3))
    assert set(y_train) == {7}
    assert set(y_test) == {3}
    assert np.all(X_train == 1)


def test_without_internet_mnist_is_unavailable(monkeypatch, tmp_path):
    """The real fetch, with an empty cache and without a network."""
    limits = []

    def refuse(*arguments, **options):
        limits.append(socket.getdefaulttimeout())
        raise URLError("no route to host")

    monkeypatch.setenv("SCIKIT_LEARN_DATA", str(tmp_path))
    monkeypatch.setattr(request, "urlopen", refuse)
    monkeypatch.setattr("sklearn.datasets._openml.urlopen", refuse)
    with pytest.raises(impls.Unavailable, match=r"URLError.*no route.*np.savez.*give the path"):
        _files.fetch_mnist()
    assert set(limits) == {_files._TIMEOUT_SECONDS}
    assert len(limits) == 2
    assert socket.getdefaulttimeout() is None


def test_digits_are_split_with_a_seed():
    X_train, y_train, X_test, y_test = parts = _files.split_digits(3)
    assert (X_train.shape, X_test.shape) == ((1437, 65), (360, 65))
    again, other = _files.split_digits(3), _files.split_digits(4)
    assert all(np.array_equal(a, b) for a, b in zip(parts, again, strict=True))
    assert not np.array_equal(y_train, other[1])
    weights, X, y = impls.dataset(PROBLEM, "digits")
    assert weights.shape == (10, 65)
    assert (X.min(), X.max(), X.flags.c_contiguous) == (0, 1, True)
    assert np.all(X[:, 0] == 1)
    both = np.column_stack([np.vstack([X_train, X_test]), np.concatenate([y_train, y_test])])
    whole = np.column_stack([X, y])
    assert np.array_equal(both[np.lexsort(both.T)], whole[np.lexsort(whole.T)])
