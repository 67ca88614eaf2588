"""Tests of every implementation of every problem, independent of the formula.

A gradient is compared with the problem's reference, in units of its absolute terms. That both are
right is shown by the tests of the problem's own name; that they belong to the loss, here.
"""

import re
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from threadpoolctl import threadpool_limits

import impls
from impls import _accuracy, _machine, _table
from impls._onepass import entries
from tests._exact import bound, residual_error, rounding_bound, stored_type
from tests._guarded import guarded
from tests._loading import IMPLEMENTATIONS, load_or_skip

ALL = [(problem, name) for problem in impls.problems() for name in impls.names(problem)]


class Batch(NamedTuple):
    weights: np.ndarray
    X: np.ndarray
    y: np.ndarray


@pytest.fixture(scope="module", params=impls.problems())
def problem(request):
    return _table.problem_module(request.param)


@pytest.fixture(scope="module", params=IMPLEMENTATIONS, ids="/".join)
def implementation(request):
    return load_or_skip(*request.param)


def name_of(problem) -> str:
    return problem.__name__.removeprefix("impls.")


def draw(problem, n_samples, n_features, seed=0) -> Batch:
    return Batch(*impls.make(problem, n_samples, n_features, seed))


def extremes(problem) -> dict[str, Batch]:
    batches = _table.problem_module(problem).extreme_batches(np.random.default_rng(1))
    return {name: Batch(*batch) for name, batch in batches.items()}


def compute(implementation, batch):
    return implementation.gradient(batch.weights, *implementation.prepare(batch.X, batch.y))


def in_range(problem_name, batch, dtype=np.float64) -> Batch:
    """The batch with weights halved until no term overflows, as terms with an exp may."""
    largest = float(np.finfo(dtype).max) / 1e6
    weights, X, y = batch
    with np.errstate(over="ignore", invalid="ignore"):
        while not np.all(_accuracy.terms(problem_name, weights, X, y) <= largest):
            weights = weights / 2
    return Batch(weights, X, y)


def excess(implementation, batch, gradient=None) -> float:
    """Error of a gradient, as a multiple of the largest error allowed."""
    actual = compute(implementation, batch) if gradient is None else gradient
    assert isinstance(actual, np.ndarray)
    assert actual.dtype.kind == "f"
    # If longdouble is float64, the reference rounds as the kernel does.
    allowed = bound(implementation, batch.weights, batch.X)
    allowed += rounding_bound(batch.weights, batch.X, np.longdouble)
    exact = impls.reference(implementation.problem, *batch)
    terms = _accuracy.terms(implementation.problem, *batch)
    off = residual_error(implementation)
    terms += off / allowed * np.abs(batch.X, dtype=np.float64).sum(axis=0)
    return _accuracy.compare(actual, exact, terms) / allowed


@pytest.mark.parametrize(("problem_name", "name"), ALL, ids=map("/".join, ALL))
def test_an_implementation_can_be_loaded(problem_name, name):
    loaded = load_or_skip(problem_name, name)
    assert (loaded.problem, loaded.name) == (problem_name, name)


# Values

# The examples are the same on every run, so that a failure is caused by a change.
steady = settings(max_examples=25, deadline=None, derandomize=True)


@steady
@given(
    shape=st.tuples(st.integers(1, 40), st.integers(1, 20)),
    seed=st.integers(0, 2**32 - 1),
    share_of_zeros=st.sampled_from([0, 0.5, 0.95]),
    spread=st.sampled_from([1e-4, 1, 30, 1000]),
)
def test_random_data(implementation, shape, seed, share_of_zeros, spread):
    weights, X, y = draw(implementation.problem, *shape, seed)
    X *= np.random.default_rng(seed).random(shape) >= share_of_zeros
    computed = np.float64 if stored_type(implementation) == np.float64 else np.float32
    batch = in_range(implementation.problem, Batch(weights * spread, X, y), computed)
    assert excess(implementation, batch) <= 1


def test_extremes(implementation):
    batches = extremes(implementation.problem)
    off = {name: excess(implementation, batch) for name, batch in batches.items()}
    assert {name: by for name, by in off.items() if not by <= 1} == {}


VARIANTS = {
    "zero X": lambda weights, X, y: (weights, 0 * X, y),
    "zero weights": lambda weights, X, y: (0 * weights, X, y),
    "negative zeros": lambda weights, X, y: (-0.0 * weights, -0.0 * X, y),
    "zero column": lambda weights, X, y: (weights, X * [1, 0, 1, 1], y),
    "rows that cancel": lambda weights, X, y: (0 * weights, np.vstack([X, -X]), np.tile(y, 2)),
    "products that cancel": lambda weights, X, y: (
        np.ones_like(weights),
        X[:, [0, 0, 1, 2]] * [100, -100, 1e-4, 0],
        y,
    ),
    "one row repeated": lambda weights, X, y: (
        weights,
        np.broadcast_to(X[:1], X.shape),
        np.broadcast_to(y[:1], y.shape),
    ),
}


@pytest.mark.parametrize("variant", VARIANTS)
def test_variants(implementation, variant):
    batch = Batch(*VARIANTS[variant](*draw(implementation.problem, 20, 4)))
    assert excess(implementation, batch) <= 1


@pytest.mark.parametrize("shape", [(1, 1), (1, 20), (40, 1)])
def test_smallest_shapes(implementation, shape):
    assert excess(implementation, draw(implementation.problem, *shape)) <= 1


@pytest.mark.parametrize("sign", [-1, 1])
def test_scales(implementation, sign):
    """Features at both ends of the prepared type's range, with weights to match."""
    weights, X, y = draw(implementation.problem, 20, 4)
    implementation.prepare(X, y)  # skips the test if it cannot store these data
    scale = 2.0 ** (sign * (np.finfo(stored_type(implementation)).maxexp // 2 - 4))
    assert excess(implementation, Batch(weights / scale, X * scale, y)) <= 1


def scaled_column(draw, n_samples):
    """A feature of a kind that real data have, of any size that float64 can hold."""
    generator = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    levels = generator.integers(0, 256, n_samples)
    kinds = {
        "normal": generator.standard_normal(n_samples),
        "levels": levels / 255,
        "levels beside 0": levels - 128.0,
        "far from 0": 1 + levels * 2.0**-50,
        "hardly varied": 1 + levels / 1e6,
        "constant": np.full(n_samples, -0.7),
        "mostly small": np.where(levels < 250, 1e-17, 1) * generator.standard_normal(n_samples),
        "few": -1.0 * (levels == levels[0]),
        "zeros": np.zeros(n_samples),
        "negative zeros": np.full(n_samples, -0.0),
    }
    values = kinds[draw(st.sampled_from(sorted(kinds)))]
    if draw(st.integers(0, 9)) == 0:
        return levels * 5e-324  # the smallest positive float64
    return values * draw(st.sampled_from([1e-300, 1e-100, 1e-40, 1e-14, 1e-5, 1, 255, 1e40, 1e300]))


@st.composite
def scaled_batches(draw, problem) -> Batch:
    """Features of all sizes side by side, with weights to match: no inner product is large."""
    n_samples = draw(st.integers(1, 60))
    columns = [scaled_column(draw, n_samples) for _ in range(draw(st.integers(1, 6)))]
    X = np.column_stack(columns) * 1.0
    weights, _, y = impls.make(problem, *X.shape, draw(st.integers(0, 99)))
    size = np.abs(X).max(axis=0)
    return Batch(weights / np.where(size > 0, np.maximum(size, 1e-307), 1), X, y)


@given(data=st.data())
@settings(max_examples=40, deadline=None, derandomize=True)
def test_features_of_any_size_are_right_or_refused(implementation, data):
    batch = data.draw(scaled_batches(implementation.problem))
    try:
        gradient = compute(implementation, batch)
    except impls.Unfit:
        return
    exact = impls.reference(implementation.problem, *batch)
    terms = _accuracy.terms(implementation.problem, *batch)
    # Subnormals have few digits, and another library may flush them to 0.
    least = np.finfo(np.float64).tiny if "PEER" in implementation.options else 5e-324
    terms += len(batch.y) ** 2 * least / implementation.rtol
    assert _accuracy.compare(gradient, exact, terms) <= implementation.rtol


@pytest.mark.parametrize("value", [1e-310, 1e-50, 1e-36, -1e36, 1e300])
def test_what_a_narrower_type_cannot_hold_is_refused(implementation, value):
    """This includes values whose products with residuals, or sums, leave the type's range."""
    if implementation.options.get("BYTES_PER_VALUE", 8) not in (2, 4):
        pytest.skip("it holds float64, or levels")
    _, X, y = draw(implementation.problem, 20, 3)
    X[:, 1] *= value
    with pytest.raises(impls.Unfit, match=r"^feature 1 of X, from .* to .*, loses more than"):
        implementation.prepare(X, y)


@pytest.mark.parametrize("value", [1e-50, 1e300])
def test_labels_that_a_narrower_type_cannot_hold_are_refused(value):
    _, X, y = draw("linear", 20, 3)
    with pytest.raises(impls.Unfit, match=r"^y, from .* to .*, loses more than"):
        impls.load("linear", "float32").prepare(X, y * value)


def test_a_batch_of_data_that_fit_is_taken(implementation):
    """A feature may fit although some of its samples, alone, would be too small."""
    weights, X, y = draw(implementation.problem, 20, 3)
    X[7, 1] = 1e-50
    implementation.prepare(X, y)
    batch = Batch(weights, X[7:8], y[7:8])
    gradient = implementation.gradient(weights, *implementation.prepare_batch(*batch[1:]))
    allowed = implementation.rtol * (1 + _accuracy.terms(implementation.problem, *batch))
    off = np.abs(gradient - impls.reference(implementation.problem, *batch)) / allowed
    assert float(off.max()) <= 1


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_is_no_number_is_not_hidden(implementation, value):
    weights, X, y = draw(implementation.problem, 20, 3)
    X[7, 1] = value
    try:
        prepared = implementation.prepare(X, y)
    except impls.Unfit:
        assert implementation.options["BYTES_PER_VALUE"] == 1  # levels are finite
        return
    if implementation.takes_rows:  # data that pass by in blocks are checked then
        with pytest.raises(ValueError, match=r"X is not finite in row 7, counted from 0"):
            implementation.gradient(weights, *prepared)
        return
    with np.errstate(all="ignore"):
        assert not np.isfinite(implementation.gradient(weights, *prepared)).all()


def test_weights_that_a_narrower_type_cannot_hold_are_refused(implementation):
    weights, X, y = draw(implementation.problem, 20, 3)
    weights[..., 1], X[:, 1] = 1e39, 0
    if implementation.options.get("BYTES_PER_VALUE", 8) in (2, 4):
        with pytest.raises(impls.Unfit, match=r"^weights\[.*1\] is 1e\+39, which float32 does not"):
            implementation.gradient(weights, X, y)
    else:
        assert excess(implementation, Batch(weights, X, y)) <= 1


# The objective


@pytest.mark.parametrize("seed", range(3))
def test_the_reference_is_the_slope_of_the_loss(problem, seed):
    weights, X, y = draw(name_of(problem), 20, 5, seed)
    # The cube root of eps is the step that balances rounding and the third derivative.
    precision = float(np.finfo(np.float64).eps)
    step = np.cbrt(precision)
    slopes = np.empty_like(weights)
    for place in np.ndindex(weights.shape):
        up, down = weights.copy(), weights.copy()
        up[place] += step
        down[place] -= step
        slopes[place] = problem.loss(up, X, y) - problem.loss(down, X, y)
        slopes[place] /= up[place] - down[place]
    # Rounding leaves some units of the loss's last place over the step; the third derivative, at
    # features of 2 at most, some of the absolute terms times the step's square.
    scale = problem.absolute_terms(weights, X, y) + problem.loss(weights, X, y)
    off = np.abs(slopes - problem.reference(weights, X, y)) / scale
    assert float(off.max()) <= 20 * precision ** (2 / 3), "the reference is not the loss's slope"


def test_the_loss_never_overflows(problem):
    for name, batch in extremes(name_of(problem)).items():
        loss = problem.loss(*batch)
        assert type(loss) is float, name
        assert np.isfinite(loss), name


@pytest.mark.parametrize("dtype", [np.float32, np.float16, np.int8, ">f8"])
def test_the_loss_is_computed_in_float64(problem, dtype):
    weights, X, y = draw(name_of(problem), 30, 4)
    batch = in_range(name_of(problem), Batch(weights * 40, X * 40, y))
    weights, X = batch.weights.astype(dtype), batch.X.astype(dtype)
    expected = problem.loss(weights.astype(np.float64), X.astype(np.float64), y)
    assert problem.loss(weights, X, y) == pytest.approx(expected, rel=1e-13)
    assert problem.loss(turned(weights), turned(X), turned(y)) == pytest.approx(expected, rel=1e-13)


def test_the_loss_leaves_its_inputs_alone(problem):
    batch = read_only(draw(name_of(problem), 30, 4))
    assert problem.loss(*batch) == problem.loss(*batch)


def test_training_can_start_at_zero_weights(problem):
    _, X, y = draw(name_of(problem), 30, 4)
    weights = problem.zero_weights(X, y)
    assert weights.dtype == np.float64
    assert not weights.any()
    assert not np.shares_memory(weights, problem.zero_weights(X, y))
    problem.check_shapes(weights, X, y)
    gradient = impls.reference(name_of(problem), weights, X, y)
    # Small enough for the loss to go down, on data of this scale.
    moved = weights - 1e-3 * gradient.astype(np.float64)
    assert problem.loss(moved, X, y) < problem.loss(weights, X, y)


def test_predictions_are_labels(problem):
    if not hasattr(problem, "predict"):
        pytest.skip("its labels are no classes")
    weights, X, y = read_only(draw(name_of(problem), 30, 4))
    labels = problem.predict(weights, X)
    assert labels.shape == y.shape
    problem.check(X, labels)
    problem.check_shapes(weights, X, labels)
    assert len(np.unique(labels)) > 1
    np.testing.assert_array_equal(problem.predict(turned(weights), turned(X)), turned(labels))


def test_work_grows_with_the_data(problem):
    for count in (problem.count_operations, problem.compulsory_bytes):
        assert 0 < count(1, 1) < count(10, 1) < count(10, 3)
    assert problem.compulsory_bytes(10, 3, 4) < problem.compulsory_bytes(10, 3)


# Inputs that are accepted


def columns_apart(array):
    return np.repeat(array, 2, axis=-1)[..., ::2]


def rows_apart(array):
    return np.repeat(array, 2, axis=0)[::2]


def turned(array):
    """The same values, stored in reverse order."""
    return np.flip(np.flip(array).copy())


def read_only(batch) -> Batch:
    for array in batch:
        if isinstance(array, np.ndarray):  # arrays of JAX and PyTorch have no flags
            array.flags.writeable = False
    return batch


LAYOUTS = {
    "X[::2]": lambda weights, X, y: (weights, rows_apart(X), y),
    "X[:, ::2]": lambda weights, X, y: (weights, columns_apart(X), y),
    "X[:, ::-1]": lambda weights, X, y: (weights, X[:, ::-1].copy()[:, ::-1], y),
    "X.T": lambda weights, X, y: (weights, X.T.copy().T, y),
    "X.T[::2]": lambda weights, X, y: (weights, columns_apart(X.T).T, y),
    "y[::2]": lambda weights, X, y: (weights, X, rows_apart(y)),
    "y[::-1]": lambda weights, X, y: (weights, X, turned(y)),
    "weights[..., ::2]": lambda weights, X, y: (columns_apart(weights), X, y),
    "all turned": lambda weights, X, y: (turned(weights), turned(X), turned(y)),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_layouts(implementation, layout):
    batch = draw(implementation.problem, 30, 4)
    other = Batch(*LAYOUTS[layout](*batch))
    assert [array.flags.c_contiguous for array in other] != [True] * 3
    for array, same in zip(other, batch, strict=True):
        np.testing.assert_array_equal(array, same)
    assert excess(implementation, batch, compute(implementation, other)) <= 1


@pytest.mark.parametrize("layout", ["X[::2]", "X.T", "y[::2]"])
def test_the_timed_kernel_is_what_is_checked(implementation, layout):
    weights, X, y = LAYOUTS[layout](*draw(implementation.problem, 30, 4))
    prepared = implementation.prepare(X, y)
    checked = implementation.gradient(weights, *prepared)
    assert implementation.kernel(weights, *prepared).tobytes() == checked.tobytes()


@pytest.mark.parametrize("dtype", [np.float32, np.float16, np.int64, np.int8, np.bool_, ">f8"])
@pytest.mark.parametrize("argument", Batch._fields)
def test_other_real_types(implementation, argument, dtype):
    batch = draw(implementation.problem, 30, 4)
    values = getattr(batch, argument)
    batch = batch._replace(**{argument: (values if argument == "y" else values * 3).astype(dtype)})
    assert excess(implementation, batch) <= 1


@pytest.mark.parametrize("dtype", [np.float32, np.int8])
def test_one_type_for_all(implementation, dtype):
    """No step is computed in a type narrower than the implementation's own."""
    weights, X, y = draw(implementation.problem, 30, 4)
    scale = 40 if np.dtype(dtype).kind == "i" else 1  # products overflow int8
    batch = Batch(weights * scale, (X * scale).astype(dtype), y.astype(dtype))
    weights = in_range(implementation.problem, batch, np.float32).weights.astype(dtype)
    assert excess(implementation, batch._replace(weights=weights)) <= 1


# Inputs of the checked entry point that are not prepared


@pytest.mark.parametrize("layout", LAYOUTS)
def test_layouts_that_are_not_prepared(implementation, layout):
    batch = draw(implementation.problem, 30, 4)
    other = Batch(*LAYOUTS[layout](*batch))
    assert excess(implementation, batch, implementation.gradient(*other)) <= 1


@pytest.mark.parametrize("at_end", [False, True])
@pytest.mark.parametrize(
    "view",
    [np.s_[:, :], np.s_[::-1], np.s_[:, ::-1], np.s_[::2], np.s_[:, :3], np.s_[:, 2:], np.s_[5:9]],
    ids=str,
)
def test_nothing_beside_a_view_is_read(implementation, view, at_end):
    weights, X, y = draw(implementation.problem, 30, 5)
    batch = Batch(weights[..., view[1]] if isinstance(view, tuple) else weights, X[view], y)
    rows = view[0] if isinstance(view, tuple) else view
    batch = batch._replace(y=y[rows])
    handed = guarded(X, at_end)[view], guarded(y, at_end)[rows]
    assert excess(implementation, batch, implementation.gradient(batch.weights, *handed)) <= 1


def unaligned(array):
    room = np.empty(array.nbytes + 1, np.uint8)
    copy = room[1:].view(array.dtype).reshape(array.shape)
    copy[...] = array
    assert not copy.flags.aligned
    return copy


def as_subclass(array):
    return array.view(np.memmap)


OTHERS = {
    "float32": lambda array: array.astype(np.float32),
    "float16": lambda array: array.astype(np.float16),
    "longdouble": lambda array: array.astype(np.longdouble),
    "other byte order": lambda array: array.astype(array.dtype.newbyteorder()),
    "int8": lambda array: (array * 3).astype(np.int8),
    "int64": lambda array: (array * 3).astype(np.int64),
    "uint16": lambda array: np.abs(array * 300).astype(np.uint16),
    "bool": lambda array: array > 0,
    "unaligned": unaligned,
    "subclass": as_subclass,
    "one row": lambda array: np.broadcast_to(array[:1], array.shape),
}


@pytest.mark.parametrize("kind", OTHERS)
def test_types_that_are_not_prepared(implementation, kind):
    weights, X, y = draw(implementation.problem, 30, 4)
    batch = Batch(weights / 300, OTHERS[kind](X), y)
    assert excess(implementation, batch, implementation.gradient(*batch)) <= 1


@pytest.mark.parametrize("kind", OTHERS)
def test_labels_that_are_not_prepared(implementation, kind):
    weights, X, y = draw(implementation.problem, 30, 4)
    labels = OTHERS[kind](y if kind in ("unaligned", "one row") else (y > 0).astype(np.float64))
    if "int" in kind:
        labels = np.minimum(labels, 1)
    batch = Batch(weights, X, labels)
    prepared, _ = implementation.prepare(X, y)
    if isinstance(prepared, np.ndarray):
        gradient = implementation.gradient(weights, prepared, labels)
        assert excess(implementation, batch, gradient) <= 1
    assert excess(implementation, batch, implementation.gradient(*batch)) <= 1


def test_what_is_prepared_is_not_prepared_again(implementation, monkeypatch):
    weights, X, y = batch = draw(implementation.problem, 30, 4)
    X, y = implementation.prepare(X, y)
    again = impls.load(implementation.problem, implementation.name)
    monkeypatch.setattr(impls.Implementation, "_prepare_late", None)
    assert excess(implementation, batch, again.gradient(weights, X, y)) <= 1
    if isinstance(X, np.ndarray) and X.flags.c_contiguous:
        few = Batch(weights, batch.X[7:20], batch.y[7:20])
        assert excess(implementation, few, implementation.gradient(weights, X[7:20], y[7:20])) <= 1


def test_prepared_rows_may_be_handed_one_by_one(implementation):
    weights, X, y = draw(implementation.problem, 30, 4)
    X_prepared, y_prepared = implementation.prepare(X, y)
    if isinstance(X_prepared, np.ndarray):
        for i in (0, 7, 29):
            row = slice(i, i + 1)
            gradient = implementation.gradient(weights, X_prepared[row], y_prepared[row])
            assert excess(implementation, Batch(weights, X[row], y[row]), gradient) <= 1


class Frame:
    """An array of an unknown library."""

    shape = (30, 4)


def test_what_no_prepare_returns_is_refused(implementation):
    weights, _, y = draw(implementation.problem, 30, 4)
    with pytest.raises(TypeError, match=r"^X and y are Frame and ndarray, which"):
        implementation.gradient(weights, Frame(), y)


def test_prepared_data_are_data_or_refused_by_the_loss(implementation):
    problem = _table.problem_module(implementation.problem)
    weights, X, y = draw(implementation.problem, 30, 4)
    expected = problem.loss(weights, X, y)
    X, y = implementation.prepare(X, y)
    if isinstance(X, np.ndarray):
        assert problem.loss(weights, X, y) == pytest.approx(expected, rel=implementation.rtol)
    else:
        with pytest.raises(TypeError, match=r"^X is a .*, expected a NumPy array"):
            problem.loss(weights, X, y)


def test_inputs_are_not_modified(implementation):
    batch = draw(implementation.problem, 30, 4)
    before = [array.tobytes() for array in batch]
    prepared = implementation.prepare(batch.X, batch.y)
    prepared_before = [np.asarray(array).tobytes() for array in prepared]
    implementation.gradient(batch.weights, *prepared)
    assert [array.tobytes() for array in batch] == before
    assert [np.asarray(array).tobytes() for array in prepared] == prepared_before


def test_inputs_may_be_read_only(implementation):
    batch = read_only(draw(implementation.problem, 30, 4))
    prepared = read_only(implementation.prepare(batch.X, batch.y))
    assert excess(implementation, batch, implementation.gradient(batch.weights, *prepared)) <= 1


# Results


def test_result_is_a_new_array_on_every_call(implementation):
    weights, X, y = draw(implementation.problem, 30, 4)
    prepared = implementation.prepare(X, y)
    first = implementation.gradient(weights, *prepared)
    kept = first.copy()
    second = implementation.gradient(weights + 1, *prepared)
    assert not np.array_equal(second, kept)
    np.testing.assert_array_equal(first, kept)
    others = map(np.asarray, (second, weights, *prepared))
    assert not any(np.shares_memory(first, other) for other in others)


def test_the_reference_is_in_longdouble(problem):
    batch = draw(name_of(problem), 30, 4)
    assert impls.reference(name_of(problem), *batch).dtype == np.longdouble
    terms = _accuracy.terms(name_of(problem), *batch)
    assert terms.shape == batch.weights.shape
    assert float(terms.min()) > 0, "every component of drawn data adds up something"


def gradients_of_repeated_calls(implementation) -> set[bytes]:
    batch = draw(implementation.problem, 2000, 30)
    prepared = implementation.prepare(batch.X, batch.y)
    return {implementation.gradient(batch.weights, *prepared).tobytes() for _ in range(4)}


@pytest.fixture
def set_threads():
    """`_machine.set_threads`, whose limit is lifted after the test."""
    with threadpool_limits(limits=None):
        yield _machine.set_threads
    _machine.set_threads(_machine.count_threads())


def test_serial_kernels_repeat_bit_for_bit(implementation, set_threads):
    if implementation.options.get("THREADS") != 1:
        set_threads(1)
    assert len(gradients_of_repeated_calls(implementation)) == 1, "the last bits differ"


@pytest.mark.parametrize("n_threads", range(1, min(4, _machine.count_threads()) + 1))
@pytest.mark.parametrize("n_samples", [1, 2, 39])
def test_numbers_of_threads(implementation, set_threads, n_threads, n_samples):
    set_threads(n_threads)
    assert excess(implementation, draw(implementation.problem, n_samples, 9)) <= 1


def test_cached_machine_code_follows_what_it_calls(implementation):
    """numba checks only a function's own file to decide whether its cached code is out of date.

    What calls functions of other files encloses a digest of them.
    """
    values = vars(sys.modules[implementation.kernel.__module__]).values()
    compiled = [value for value in values if hasattr(value, "py_func")]
    for caller in (value.py_func for value in compiled if value.stats.cache_path):
        called = [caller.__globals__.get(name) for name in caller.__code__.co_names]
        files = {Path(f.py_func.__code__.co_filename) for f in called if hasattr(f, "py_func")}
        own = Path(caller.__code__.co_filename)
        cells = [cell.cell_contents for cell in caller.__closure__ or ()]
        assert files <= {own} or entries.digest() in cells


# Bad input: checked by the problem, in the same way for all of its implementations


class Refused(NamedTuple):
    """A call with one argument replaced, and the expected error."""

    argument: str
    value: object
    error: type[Exception]
    message: str


BAD_BATCHES = {
    "X 1-D": Refused("X", np.ones(5), ValueError, "X has shape (5,), expected (n_samples, n_f"),
    "X 3-D": Refused("X", np.ones((5, 3, 1)), ValueError, "X has shape (5, 3, 1), expected (n_sa"),
    "no rows": Refused("X", np.ones((0, 3)), ValueError, "X has shape (0, 3), expected (n_samples"),
    "no columns": Refused("X", np.ones((5, 0)), ValueError, "X has shape (5, 0), expected (n_s"),
    "X list": Refused("X", [[1.0]], TypeError, "X is a list, expected a NumPy array"),
    "X None": Refused("X", None, TypeError, "X is a NoneType, expected a NumPy array"),
    "X complex": Refused("X", np.ones((5, 3), complex), TypeError, "X has dtype complex128, exp"),
    "X object": Refused("X", np.ones((5, 3), object), TypeError, "X has dtype object, expected"),
    "X text": Refused("X", np.full((5, 3), "1"), TypeError, "X has dtype <U1, expected a real"),
    "X dates": Refused("X", np.ones((5, 3), "m8[s]"), TypeError, "X has dtype timedelta64[s], exp"),
    "y short": Refused("y", np.ones(4), ValueError, "y has shape (4,), expected (5,)"),
    "y long": Refused("y", np.ones(6), ValueError, "y has shape (6,), expected (5,)"),
    "y 2-D": Refused("y", np.ones((5, 1)), ValueError, "y has shape (5, 1), expected 1 dimension"),
    "y 0-D": Refused("y", np.array(1.0), ValueError, "y has shape (), expected 1 dimension"),
    "y list": Refused("y", [0.0] * 5, TypeError, "y is a list, expected a NumPy array"),
    "y complex": Refused("y", np.ones(5, complex), TypeError, "y has dtype complex128, expected a"),
    "y object": Refused("y", np.ones(5, object), TypeError, "y has dtype object, expected a real"),
    "y text": Refused("y", np.full(5, "1"), TypeError, "y has dtype <U1, expected a real number"),
    "y NaN": Refused("y", np.array([0, 0, 0, np.nan, 0]), ValueError, "y[3] is nan, expected "),
    "X masked": Refused("X", np.ma.masked_less(np.eye(5, 3), 0), TypeError, "X is a masked array"),
    "y masked": Refused("y", np.ma.masked_less(np.ones(5), 0), TypeError, "y is a masked array"),
    "X matrix": Refused(
        "X", np.ones((5, 3)).view(np.matrix), TypeError, "X is a numpy.matrix, exp"
    ),
    "y matrix": Refused(
        "y", np.ones(5).view(np.matrix), TypeError, "y is a numpy.matrix, expected"
    ),
    "y infinite": Refused("y", np.array([0, 0, 0, 0, -np.inf]), ValueError, "y[4] is -inf, expect"),
}
BAD_PREPARED = {
    "X list": Refused("X", [[1.0]], TypeError, "X is a list, expected an array"),
    "X 1-D": Refused("X", np.ones(5), ValueError, "X has shape (5,), expected 2 dimension"),
    "y list": Refused("y", [0.0] * 5, TypeError, "y is a list, expected an array"),
    "y short": Refused("y", np.ones(4), ValueError, "y has shape (4,), expected (5,)"),
    "y 2-D": Refused("y", np.ones((5, 1)), ValueError, "y has shape (5, 1), expected 1 dimension"),
}
# Functions that turn valid weights into invalid ones.
BAD_WEIGHTS = {
    "short": (lambda weights: weights[..., :-1], ValueError, "weights has shape ("),
    "long": (lambda weights: np.repeat(weights, 2, axis=-1), ValueError, "weights has shape ("),
    "deep": (lambda weights: weights[..., np.newaxis], ValueError, "weights has shape ("),
    "0-D": (lambda weights: np.array(1.0), ValueError, "weights has shape ("),
    "list": (lambda weights: weights.tolist(), TypeError, "weights is a list, expected a NumPy a"),
    "complex": (lambda weights: weights + 0j, TypeError, "weights has dtype complex128, expected"),
    "object": (lambda weights: weights.astype(object), TypeError, "weights has dtype object, exp"),
    "text": (lambda weights: weights.astype("U3"), TypeError, "weights has dtype <U3, expected"),
    "masked": (lambda weights: np.ma.array(weights), TypeError, "weights is a masked array, exp"),
    "matrix": (
        lambda weights: weights.view(np.matrix),
        TypeError,
        "weights is a numpy.matrix, exp",
    ),
}


def refuse(error, message):
    return pytest.raises(error, match="^" + re.escape(message))


@pytest.mark.parametrize("case", BAD_BATCHES)
def test_bad_batches_are_refused(problem, case):
    refused = BAD_BATCHES[case]
    weights, X, y = draw(name_of(problem), 5, 3)._replace(**{refused.argument: refused.value})
    with refuse(refused.error, refused.message):
        impls.load(name_of(problem), "matrix").prepare(X, y)
    with refuse(refused.error, refused.message):
        impls.reference(name_of(problem), weights, X, y)
    with refuse(refused.error, refused.message):
        problem.loss(weights, X, y)
    with refuse(refused.error, refused.message):
        impls.solve(name_of(problem), "matrix", X, y, step=1e-3, n_epochs=1)


@pytest.mark.parametrize("case", [name for name in BAD_BATCHES if "mas" in name or "mat" in name])
def test_arrays_of_another_meaning_are_refused_as_prepared_ones(implementation, case):
    refused = BAD_BATCHES[case]
    batch = draw(implementation.problem, 5, 3)._replace(**{refused.argument: refused.value})
    with refuse(refused.error, refused.message):
        implementation.gradient(*batch)


@pytest.mark.parametrize("kind", [np.ma.MaskedArray, np.matrix])
def test_gradients_of_another_meaning_are_refused(kind):
    weights, X, y = draw("softmax", 5, 3)
    with refuse(TypeError, "gradient is a "):
        impls.relative_error("softmax", weights.view(kind), weights, X, y)


@pytest.mark.parametrize("case", BAD_PREPARED)
def test_bad_prepared_batches_are_refused(problem, case):
    refused = BAD_PREPARED[case]
    batch = draw(name_of(problem), 5, 3)._replace(**{refused.argument: refused.value})
    with refuse(refused.error, refused.message):
        impls.load(name_of(problem), "matrix").gradient(*batch)


@pytest.mark.parametrize("case", BAD_WEIGHTS)
def test_bad_weights_are_refused(problem, case):
    spoil, error, message = BAD_WEIGHTS[case]
    weights, X, y = draw(name_of(problem), 5, 3)
    implementation = impls.load(name_of(problem), "matrix")
    with refuse(error, message):
        implementation.gradient(spoil(weights), *implementation.prepare(X, y))
    with refuse(error, message):
        impls.reference(name_of(problem), spoil(weights), X, y)
    with refuse(error, message):
        problem.loss(spoil(weights), X, y)
    with refuse(error, message):
        impls.solve(name_of(problem), "matrix", X, y, step=1, n_epochs=1, weights=spoil(weights))
