"""The logistic gradient of every implementation, against one written in multiple precision.

The gradient here is written from the formula with mpmath and shares no code with
`impls.reference`, which is itself compared with it.
"""

import re
import sys
from typing import NamedTuple

import mpmath
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from threadpoolctl import threadpool_limits

import impls
from impls import _accuracy, _machine
from impls import logistic as problem
from impls.logistic import _chunks

PROBLEM = "logistic"

mp = mpmath.MPContext()
mp.dps = 60
# The error's unit has it added to every sigmoid: below it, float32 rounds to 0.
TINY = mp.mpf(2) ** -126


class Batch(NamedTuple):
    weights: np.ndarray
    X: np.ndarray
    y: np.ndarray


@pytest.fixture(scope="module", params=impls.names(PROBLEM))
def implementation(request):
    try:
        return impls.load(PROBLEM, request.param)
    except impls.Unavailable as error:
        pytest.skip(str(error))


# The measure


def to_mp(values) -> list:
    """Exactly the numbers of a vector of any real type."""
    ratios = [number.as_integer_ratio() for number in np.asarray(values, dtype=np.longdouble)]
    return [mp.mpf(numerator) / denominator for numerator, denominator in ratios]


def sigmoid(z):
    return 1 / (1 + mp.exp(-z))


def exact(weights, X, y) -> tuple[list, list]:
    """Each component of the gradient and the sum of the absolute terms that it adds up."""
    weights = to_mp(weights)
    gradient = [mp.mpf(0)] * len(weights)
    terms = list(gradient)
    for row, label in zip(map(to_mp, X), to_mp(y), strict=True):
        z = mp.fdot(weights, row)
        rounding_of_z = mp.fdot([abs(weight) for weight in weights], [abs(x) for x in row])
        residual = label - sigmoid(z)
        unit = sigmoid(z) + label + sigmoid(z) * sigmoid(-z) * rounding_of_z + TINY
        gradient = [total - residual * x for total, x in zip(gradient, row, strict=True)]
        terms = [total + unit * abs(x) for total, x in zip(terms, row, strict=True)]
    return gradient, terms


def error(actual, weights, X, y) -> float:
    """Largest error of a component, relative to the sum of its absolute terms."""
    assert isinstance(actual, np.ndarray)
    assert actual.shape == weights.shape
    assert np.all(np.isfinite(actual)), actual
    largest = 0.0
    for number, wanted, unit in zip(to_mp(actual), *exact(weights, X, y), strict=True):
        if number != wanted:
            largest = max(largest, float(abs(number - wanted) / unit) if unit else np.inf)
    return largest


def rounding_bound(X, dtype) -> float:
    """Largest error that rounding in `dtype` can make, whatever the order of additions.

    To first order, in units of half the last place: d for the d products and additions of
    ``<w, x>`` and up to 3 for the sigmoid's argument, both times ``s (1 - s) sum |w x|``; some 10
    for the sigmoid, the residual and the product; n for adding n terms.
    """
    n_samples, n_features = X.shape
    return (n_samples + n_features + 20) * float(np.finfo(dtype).eps) / 2


def bound(implementation, X) -> float:
    """The RTOL that an implementation states with its reason; without one, float64's rounding."""
    if "RTOL" in implementation.options:
        return implementation.rtol
    return min(implementation.rtol, rounding_bound(X, np.float64))


def compute(implementation, batch):
    return implementation.gradient(batch.weights, *implementation.prepare(batch.X, batch.y))


def assert_right(implementation, batch):
    actual = compute(implementation, batch)
    assert error(actual, *batch) <= bound(implementation, batch.X)


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


# The same examples on every run: a failure then belongs to a change, not to chance.
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
    assert error(reference, *batch) <= rounding_bound(batch.X, np.longdouble)


@steady
@given(batch=batches())
def test_absolute_terms_on_random_data(batch):
    terms = to_mp(_accuracy.terms(PROBLEM, *batch))
    for actual, expected in zip(terms, exact(*batch)[1], strict=True):
        assert abs(actual - expected) <= 1e-13 * expected


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
    """Gradient 0: each row comes with its negative, at weights 0 and one label."""
    X = np.random.default_rng(0).standard_normal((10, 4))
    return Batch(np.zeros(4), np.concatenate([X, -X]), np.ones(20))


def cancelling_products() -> Batch:
    """``<w, x>`` 1e-6 of its terms."""
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
    "one sample": draw(1, 20),
    "one feature": draw(40, 1),
    "one number": draw(1, 1),
    "only zeros": draw(40, 3)._replace(y=np.zeros(40)),
    "only ones": draw(40, 3)._replace(y=np.ones(40)),
    "soft labels": draw(40, 3)._replace(y=np.linspace(0, 1, 40)),
    "zero column": zero_column(),
    "zero X": draw(20, 3)._replace(X=np.zeros((20, 3))),
    "zero weights": draw(20, 3)._replace(weights=np.zeros(3)),
    "negative zeros": Batch(-np.zeros(2), -np.zeros((3, 2)), -np.zeros(3)),
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
    assert error(reference, *batch) <= rounding_bound(batch.X, np.longdouble)


@pytest.mark.parametrize("sign", [-1, 1])
def test_scales(implementation, sign):
    """Features at both ends of the prepared type's range, with weights to match."""
    weights, X, y = draw(20, 4)
    stored = np.asarray(implementation.prepare(X, y)[0]).dtype
    scale = 2.0 ** (sign * (np.finfo(stored).maxexp // 2 - 4))
    assert_right(implementation, Batch(weights / scale, X * scale, y))


def test_a_zero_column_gives_zero(implementation):
    assert compute(implementation, EXTREMES["zero column"])[2] == 0


@pytest.mark.parametrize("rows_per_chunk", [10, 0.5])
@pytest.mark.parametrize("n_samples", [1, 9, 10, 11, 37])
def test_chunk_boundaries(implementation, monkeypatch, n_samples, rows_per_chunk):
    """Chunks of few rows of the prepared X; only implementations in chunks see a difference."""
    batch = draw(n_samples, 3)
    row = np.asarray(implementation.prepare(batch.X, batch.y)[0])[0]
    monkeypatch.setattr(_chunks, "_chunk_bytes", lambda: int(rows_per_chunk * row.nbytes))
    assert_right(implementation, batch)


@pytest.mark.parametrize("block_elements", [1, 30, 31])
def test_reference_across_blocks(monkeypatch, block_elements):
    monkeypatch.setattr(problem, "_BLOCK_ELEMENTS", block_elements)
    batch = draw(37, 3)
    reference = impls.reference(PROBLEM, *batch)
    assert error(reference, *batch) <= rounding_bound(batch.X, np.longdouble)
    expected = [float(term) for term in exact(*batch)[1]]
    np.testing.assert_allclose(_accuracy.terms(PROBLEM, *batch), expected, rtol=1e-13)


# Formula and sign


def loss(weights, X, y):
    """The summed negative log-likelihood, as the docstring of the problem writes it."""
    s = 1 / (1 + np.exp(-(X @ weights)))
    return -np.sum(y * np.log(s) + (1 - y) * np.log(1 - s))


@pytest.mark.parametrize("seed", range(3))
def test_reference_is_the_slope_of_the_loss(seed):
    batch = Batch(*(array.astype(np.longdouble) for array in draw(20, 5, seed)))
    # Cube root of the precision: the step that balances rounding and the third derivative.
    precision = np.finfo(np.longdouble).eps
    steps = np.eye(5, dtype=np.longdouble) * np.cbrt(precision)
    slopes = [
        (
            loss(batch.weights + step, batch.X, batch.y)
            - loss(batch.weights - step, batch.X, batch.y)
        )
        / (2 * step.max())
        for step in steps
    ]
    tolerance = 20 * float(precision) ** (2 / 3)
    reference = impls.reference(PROBLEM, *batch)
    assert (
        _accuracy.compare(reference, np.array(slopes), _accuracy.terms(PROBLEM, *batch)) < tolerance
    )


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
    """With a sample per column: ``theta + alpha * x * (y - sigmoid(theta' * x))``."""
    weights, X, y = batch = draw(30, 4)
    x, theta, alpha = X.T, weights, 0.1
    grad = x @ (y - 1 / (1 + np.exp(-(theta @ x))))
    gradient = compute(implementation, batch)
    scale = _accuracy.terms(PROBLEM, *batch)
    assert _accuracy.compare(gradient, -grad, scale) <= 2 * implementation.rtol
    ascent, descent = theta + alpha * grad, weights - alpha * gradient
    assert _accuracy.compare(descent, ascent, scale) <= 2 * implementation.rtol


# What may be handed in


def columns_apart(array):
    return np.repeat(array, 2, axis=-1)[..., ::2]


def rows_apart(array):
    return np.repeat(array, 2, axis=0)[::2]


def turned(array):
    """The same values, stored from the last to the first."""
    return np.flip(np.flip(array).copy())


LAYOUTS = {
    "X[::2]": lambda weights, X, y: (weights, rows_apart(X), y),
    "X[:, ::2]": lambda weights, X, y: (weights, columns_apart(X), y),
    "X[:, ::-1]": lambda weights, X, y: (weights, X[:, ::-1].copy()[:, ::-1], y),
    "X.T": lambda weights, X, y: (weights, X.T.copy().T, y),
    "X.T[::2]": lambda weights, X, y: (weights, columns_apart(X.T).T, y),
    "y[::2]": lambda weights, X, y: (weights, X, rows_apart(y)),
    "y[::-1]": lambda weights, X, y: (weights, X, turned(y)),
    "weights[::2]": lambda weights, X, y: (rows_apart(weights), X, y),
    "all turned": lambda weights, X, y: (turned(weights), turned(X), turned(y)),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_layouts(implementation, layout):
    batch = draw(30, 4)
    other = Batch(*LAYOUTS[layout](*batch))
    assert [array.flags.c_contiguous for array in other] != [True] * 3
    for array, same in zip(other, batch, strict=True):
        np.testing.assert_array_equal(array, same)
    assert error(compute(implementation, other), *batch) <= bound(implementation, batch.X)


def test_one_row_repeated_without_copies(implementation):
    batch = draw(1, 4)
    repeated = Batch(batch.weights, np.broadcast_to(batch.X, (9, 4)), np.broadcast_to(batch.y, 9))
    assert_right(implementation, repeated)


@pytest.mark.parametrize("layout", ["X[::2]", "X.T", "y[::2]"])
def test_the_timed_kernel_is_what_is_checked(implementation, layout):
    weights, X, y = LAYOUTS[layout](*draw(30, 4))
    prepared = implementation.prepare(X, y)
    checked = implementation.gradient(weights, *prepared)
    assert implementation.kernel(weights, *prepared).tobytes() == checked.tobytes()


@pytest.mark.parametrize("dtype", [np.float32, np.float16, np.int64, np.int8, np.bool_, ">f8"])
@pytest.mark.parametrize("argument", Batch._fields)
def test_other_real_types(implementation, argument, dtype):
    batch = draw(30, 4)
    values = getattr(batch, argument)
    if argument == "y" and np.dtype(dtype).kind == "f":
        values = np.linspace(0, 1, 30)  # soft labels, which the type rounds
    batch = batch._replace(**{argument: (values if argument == "y" else values * 3).astype(dtype)})
    assert_right(implementation, batch)


@pytest.mark.parametrize("dtype", [np.float32, np.int8])
def test_one_type_for_all(implementation, dtype):
    """Nothing is computed in a type that is narrower than the implementation's own."""
    weights, X, y = draw(30, 4)
    scale = 40 if np.dtype(dtype).kind == "i" else 1  # products beyond an int8
    X, weights = (X * scale).astype(dtype), (weights * scale).astype(dtype)
    assert_right(implementation, Batch(weights, X, y.astype(dtype)))


def test_inputs_are_not_modified(implementation):
    batch = draw(30, 4)
    before = [array.tobytes() for array in batch]
    prepared = implementation.prepare(batch.X, batch.y)
    prepared_before = [np.asarray(array).tobytes() for array in prepared]
    implementation.gradient(batch.weights, *prepared)
    assert [array.tobytes() for array in batch] == before
    assert [np.asarray(array).tobytes() for array in prepared] == prepared_before


def test_inputs_may_be_read_only(implementation):
    batch = draw(30, 4)
    for array in batch:
        array.flags.writeable = False
    assert_right(implementation, batch)


def test_prepared_inputs_may_be_read_only(implementation):
    batch = draw(30, 4)
    prepared = implementation.prepare(batch.X, batch.y)
    for array in (batch.weights, *prepared):
        if isinstance(array, np.ndarray):  # not JAX's, nor PyTorch's
            array.flags.writeable = False
    gradient = implementation.gradient(batch.weights, *prepared)
    assert error(gradient, *batch) <= bound(implementation, batch.X)


# What comes back


def test_result_is_a_new_array_on_every_call(implementation):
    weights, X, y = draw(30, 4)
    prepared = implementation.prepare(X, y)
    first = implementation.gradient(weights, *prepared)
    kept = first.copy()
    second = implementation.gradient(weights + 1, *prepared)
    np.testing.assert_array_equal(first, kept)
    others = map(np.asarray, (second, weights, *prepared))
    assert not any(np.shares_memory(first, other) for other in others)


def repeats(implementation) -> bool:
    batch = draw(2000, 30)
    prepared = implementation.prepare(batch.X, batch.y)
    first = implementation.gradient(batch.weights, *prepared).tobytes()
    again = [implementation.gradient(batch.weights, *prepared).tobytes() for _ in range(3)]
    return again == [first] * 3


@pytest.fixture
def set_threads():
    """`_machine.set_threads`, undone afterwards."""
    with threadpool_limits(limits=None):
        yield _machine.set_threads
    _machine.set_threads(_machine.count_threads())


def test_serial_kernels_repeat_bit_for_bit(implementation, set_threads):
    if implementation.options.get("THREADS") != 1:
        set_threads(1)
    assert repeats(implementation)


@pytest.mark.parametrize("n_threads", range(1, min(4, _machine.count_threads()) + 1))
@pytest.mark.parametrize("n_samples", [1, 2, 39])
def test_numbers_of_threads(implementation, set_threads, n_threads, n_samples):
    set_threads(n_threads)
    assert_right(implementation, draw(n_samples, 9))


def test_cached_machine_code_follows_what_it_calls(implementation):
    """Numba tells from a function's own file whether its cached code is out of date."""
    values = vars(sys.modules[implementation.kernel.__module__]).values()
    compiled = [value for value in values if hasattr(value, "py_func")]
    for caller in (value.py_func for value in compiled if value.stats.cache_path):
        called = [caller.__globals__.get(name) for name in caller.__code__.co_names]
        files = {f.py_func.__code__.co_filename for f in called if hasattr(f, "py_func")}
        assert files <= {caller.__code__.co_filename}


# Bad input


class Refused(NamedTuple):
    """One argument replaced, and how the error should put it."""

    argument: str
    value: object
    error: type[Exception]
    message: str


def labels(value):
    y = np.zeros(5)
    y[3] = value
    return y


BAD_BATCHES = {
    "X 1-D": Refused("X", np.ones(5), ValueError, "X has shape (5,), expected (n_samples, n_f"),
    "X 3-D": Refused("X", np.ones((5, 3, 1)), ValueError, "X has shape (5, 3, 1), expected (n_sa"),
    "no rows": Refused("X", np.ones((0, 3)), ValueError, "X has shape (0, 3), expected (n_samples"),
    "no columns": Refused(
        "X", np.ones((5, 0)), ValueError, "X has shape (5, 0), expected (n_sampl"
    ),
    "X list": Refused("X", [[1.0]], TypeError, "X is a list, expected a NumPy array"),
    "X None": Refused("X", None, TypeError, "X is a NoneType, expected a NumPy array"),
    "X complex": Refused(
        "X", np.ones((5, 3), complex), TypeError, "X has dtype complex128, expected"
    ),
    "X object": Refused(
        "X", np.ones((5, 3), object), TypeError, "X has dtype object, expected a r"
    ),
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
    "label 2": Refused("y", labels(2), ValueError, "y[3] is 2.0, expected a label in [0, 1]"),
    "label -1": Refused("y", labels(-1), ValueError, "y[3] is -1.0, expected a label in [0, 1]"),
    "label above 1": Refused("y", labels(1 + 1e-9), ValueError, "y[3] is 1.000000001, expected a "),
    "label NaN": Refused(
        "y", labels(np.nan), ValueError, "y[3] is nan, expected a label in [0, 1]"
    ),
}
BAD_CALLS = {
    "weights short": Refused(
        "weights", np.ones(2), ValueError, "weights has shape (2,), expected (3,)"
    ),
    "weights long": Refused(
        "weights", np.ones(4), ValueError, "weights has shape (4,), expected (3,)"
    ),
    "weights 2-D": Refused(
        "weights", np.ones((3, 1)), ValueError, "weights has shape (3, 1), expected 1"
    ),
    "weights 0-D": Refused(
        "weights", np.array(1.0), ValueError, "weights has shape (), expected 1"
    ),
    "weights list": Refused("weights", [1.0] * 3, TypeError, "weights is a list, expected a NumPy"),
    "weights complex": Refused(
        "weights", np.ones(3, complex), TypeError, "weights has dtype complex128, "
    ),
    "weights object": Refused(
        "weights", np.ones(3, object), TypeError, "weights has dtype object, exp"
    ),
    "weights text": Refused(
        "weights", np.full(3, "1"), TypeError, "weights has dtype <U1, expected a"
    ),
    "X list": Refused("X", [[1.0]], TypeError, "X is a list, expected an array"),
    "X 1-D": Refused("X", np.ones(5), ValueError, "X has shape (5,), expected 2 dimension"),
    "y list": Refused("y", [0.0] * 5, TypeError, "y is a list, expected an array"),
    "y short": Refused("y", np.ones(4), ValueError, "y has shape (4,), expected (5,)"),
    "y 2-D": Refused("y", np.ones((5, 1)), ValueError, "y has shape (5, 1), expected 1 dimension"),
}
FIVE_BY_THREE = Batch(np.ones(3), np.ones((5, 3)), np.ones(5))


def refuse(refused: Refused):
    return pytest.raises(refused.error, match="^" + re.escape(refused.message))


def replace(refused: Refused) -> Batch:
    return FIVE_BY_THREE._replace(**{refused.argument: refused.value})


@pytest.mark.parametrize("case", BAD_BATCHES)
def test_prepare_refuses(implementation, case):
    batch = replace(BAD_BATCHES[case])
    with refuse(BAD_BATCHES[case]):
        implementation.prepare(batch.X, batch.y)


@pytest.mark.parametrize("case", BAD_CALLS)
def test_gradient_refuses(implementation, case):
    prepared = implementation.prepare(FIVE_BY_THREE.X, FIVE_BY_THREE.y)
    batch = Batch(FIVE_BY_THREE.weights, *prepared)._replace(
        **{BAD_CALLS[case].argument: BAD_CALLS[case].value}
    )
    with refuse(BAD_CALLS[case]):
        implementation.gradient(*batch)


@pytest.mark.parametrize("case", BAD_BATCHES)
def test_reference_refuses_batches(case):
    with refuse(BAD_BATCHES[case]):
        impls.reference(PROBLEM, *replace(BAD_BATCHES[case]))


@pytest.mark.parametrize("case", [case for case in BAD_CALLS if case.startswith("weights")])
def test_reference_refuses_weights(case):
    with refuse(BAD_CALLS[case]):
        impls.reference(PROBLEM, *replace(BAD_CALLS[case]))


# The error that the table reports


def test_relative_error_is_that_of_the_exact_gradient(implementation):
    batch = draw(30, 4)
    actual = compute(implementation, batch)
    reported = impls.relative_error(PROBLEM, actual, *batch)
    precision = rounding_bound(batch.X, np.longdouble)
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
