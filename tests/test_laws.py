"""Laws of a gradient that every implementation keeps, whatever its formula and its storage.

They share no code with the references: sums over parts of the samples, other orders of the samples,
features in other units, slopes of the loss, and an optimum that scipy finds.
"""

from __future__ import annotations

import functools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

import impls
from impls import _accuracy, _table
from tests._loading import IMPLEMENTATIONS, load_or_skip
from tests.test_kernels import Batch, compute

# The examples are the same on every run, so that a failure is caused by a change.
steady = settings(max_examples=6, deadline=None, derandomize=True)
EPS = float(np.finfo(np.float64).eps)
seeds = st.integers(0, 2**32 - 1)
shapes = st.tuples(st.integers(2, 60), st.integers(1, 20))


@pytest.fixture(scope="module", params=IMPLEMENTATIONS, ids="/".join)
def implementation(request):
    return load_or_skip(*request.param)


def drawn(implementation, shape, seed) -> Batch:
    """A batch that every storage holds: each feature is a level from 0 to 100, in eighths."""
    weights, _, y = impls.make(implementation.problem, *shape, seed)
    X = np.random.default_rng(seed).integers(0, 101, shape) / 8
    return Batch(weights / 8, X, y)


def whole(implementation, batch) -> np.ndarray:
    """The gradient as a sum over the samples, also where the problem's is their mean."""
    return compute(implementation, batch) * _weight(implementation, batch)


def whole_terms(implementation, batch) -> np.ndarray:
    return _accuracy.terms(implementation.problem, *batch) * _weight(implementation, batch)


def _weight(implementation, batch) -> int:
    return len(batch.y) if _table.problem_part(implementation.problem, "AVERAGED") else 1


def assert_near(implementation, actual, expected, terms):
    """Each side may be off by the implementation's tolerance."""
    assert _accuracy.compare(actual, np.asarray(expected), terms) <= 2 * implementation.rtol


@steady
@given(shape=shapes, seed=seeds, data=st.data())
def test_gradients_of_parts_of_the_samples_add_up(implementation, shape, seed, data):
    batch = drawn(implementation, shape, seed)
    at = data.draw(st.integers(1, shape[0] - 1))
    parts = [Batch(batch.weights, batch.X[k], batch.y[k]) for k in (np.s_[:at], np.s_[at:])]
    total = sum(whole(implementation, part) for part in parts)
    terms = whole_terms(implementation, batch)
    assert_near(implementation, whole(implementation, batch), total, terms)


@steady
@given(shape=shapes, seed=seeds)
def test_the_order_of_the_samples_does_not_matter(implementation, shape, seed):
    batch = drawn(implementation, shape, seed)
    order = np.random.default_rng(seed).permutation(shape[0])
    other = Batch(batch.weights, batch.X[order], batch.y[order])
    terms = _accuracy.terms(implementation.problem, *batch)
    assert_near(
        implementation, compute(implementation, other), compute(implementation, batch), terms
    )


@steady
@given(shape=shapes, seed=seeds, scale=st.sampled_from([-1, 3, -0.125, 1 / 255, 1024, 2**-10]))
def test_a_feature_in_another_unit_has_its_component_in_it(implementation, shape, seed, scale):
    batch = drawn(implementation, shape, seed)
    units = np.ones(shape[1])
    units[seed % shape[1]] = scale
    other = Batch(batch.weights / units, batch.X * units, batch.y)
    terms = _accuracy.terms(implementation.problem, *batch)
    gradient = compute(implementation, other) / units
    assert_near(implementation, gradient, compute(implementation, batch), terms)


@steady
@given(shape=shapes, seed=seeds)
def test_the_gradient_is_the_slope_of_the_loss(implementation, shape, seed):
    weights, X, y = batch = drawn(implementation, shape, seed)
    loss = _table.problem_part(implementation.problem, "loss")
    direction = np.random.default_rng(seed).standard_normal(weights.shape)
    direction /= np.abs(direction).sum() * X.max(initial=1)  # <w, x> changes by at most the step
    step = np.cbrt(EPS)
    slope = (loss(weights + step * direction, X, y) - loss(weights - step * direction, X, y)) / 2
    terms = _accuracy.terms(implementation.problem, *batch)
    size = float((terms * np.abs(direction)).sum())
    rounding = 20 * EPS ** (2 / 3) * (size + loss(weights, X, y))
    expected = float((compute(implementation, batch) * direction).sum())
    assert abs(slope / step - expected) <= implementation.rtol * size + rounding


@functools.cache
def optimum(problem) -> Batch:
    """Data with labels that no weights predict, and the weights of the least loss, by scipy."""
    weights, _, y = impls.make(problem, 400, 3)
    X = np.random.default_rng(0).integers(-8, 9, (400, 3)) / 8
    objective = impls.objective(problem, "matrix", X, y)
    found = minimize(objective, objective.zero_weights(), jac=True, method="BFGS", tol=1e-9)
    return Batch(found.x.reshape(-1, 3) if weights.ndim == 2 else found.x, X, y)


def test_the_gradient_is_zero_at_the_optimum(implementation):
    batch = optimum(implementation.problem)
    gradient = compute(implementation, batch)
    terms = _accuracy.terms(implementation.problem, *batch)
    assert np.abs(gradient / terms).max() <= implementation.rtol + 1e-7
    moved = batch._replace(weights=batch.weights + 0.1)
    if implementation.problem != "softmax":  # whose loss is the same where all classes move
        assert np.abs(compute(implementation, moved) / terms).max() > 1e-3


# Layouts


REAL_TYPES = ("f8", "f4", ">f8", ">f4", "u1", "i1", ">i2", "u4", "i8", ">u8", "g", "f2")


@st.composite
def laid_out(draw, values, types=REAL_TYPES):
    """The same numbers in any type, byte order, memory order, step, direction and place."""
    dtype = np.dtype(draw(st.sampled_from(types)))
    steps = [draw(st.sampled_from([1, 1, 2, 3, -1, -2])) for _ in values.shape]
    order, shift = draw(st.sampled_from("CF")), draw(st.sampled_from([0, 0, 1, 4, 8]))
    room = [n * abs(step) for n, step in zip(values.shape, steps, strict=True)]
    memory = np.full(int(np.prod(room)) * dtype.itemsize + shift, 0xFF, np.uint8)[shift:]
    view = memory.view(dtype).reshape(room, order=order)[tuple(slice(None, None, s) for s in steps)]
    view[...] = values
    return view


# No product of integers up to 100 with such weights is invalid. In one run OpenBLAS 0.3.31 raised
# the flag for two of them in float32, and not when they were repeated; as in
# https://github.com/numpy/numpy/issues/24067, it may come from lanes that are not used.
@pytest.mark.filterwarnings("ignore:invalid value encountered in matmul:RuntimeWarning")
@settings(max_examples=15, deadline=None, derandomize=True)
@given(shape=st.tuples(st.integers(1, 40), st.integers(1, 20)), seed=seeds, data=st.data())
def test_any_layout_and_type_give_the_same_gradient(implementation, shape, seed, data):
    weights, _, y = impls.make(implementation.problem, *shape, seed)
    X = np.random.default_rng(seed).integers(0, 101, shape) * 1.0
    exact = Batch(np.rint(weights * 64) / 1024, X, np.rint(y.clip(0, 100)))
    batch = Batch(
        data.draw(laid_out(exact.weights, ("f8", "f4", ">f8", ">f4", "g"))),
        *map(data.draw, (laid_out(exact.X), laid_out(exact.y))),
    )
    # Not the weights too: numba compiles for seconds more, where `test_kernels` has them read-only.
    for array in batch[1:] if data.draw(st.booleans()) else ():
        array.flags.writeable = False
    weights = batch.weights.copy()
    expected = impls.reference(implementation.problem, *exact)
    terms = _accuracy.terms(implementation.problem, *exact)
    for gradient in (compute(implementation, batch), implementation.gradient(*batch)):
        assert _accuracy.compare(gradient, expected, terms) <= implementation.rtol
    np.testing.assert_array_equal(batch.weights, weights)


# What is no number

PLACES = ("X", "y", "weights")
NO_NUMBERS = (np.nan, np.inf, -np.inf)


def spoilt(batch, spoils) -> Batch:
    copies = Batch(*(array.copy() for array in batch))
    for name, value, at in spoils:
        array = getattr(copies, name)
        if array.dtype.kind == "f":
            array.ravel()[at % array.size] = value
    return copies


@settings(max_examples=15, deadline=None, derandomize=True)
@given(
    shape=st.tuples(st.integers(1, 30), st.integers(1, 10)),
    seed=seeds,
    spoils=st.lists(
        st.tuples(st.sampled_from(PLACES), st.sampled_from(NO_NUMBERS), st.integers(0, 999)),
        min_size=1,
        max_size=3,
    ),
)
def test_what_is_no_number_never_gives_a_number(implementation, shape, seed, spoils):
    """A component that the formula does not define is not finite, or the batch is refused."""
    batch = spoilt(drawn(implementation, shape, seed), spoils)
    problem = _table.problem_module(implementation.problem)
    X, y = implementation.prepare(*drawn(implementation, shape, seed)[1:])
    try:
        if isinstance(X, np.ndarray) and isinstance(y, np.ndarray):  # `prepare` refuses some labels
            X, y = batch.X.astype(X.dtype, order="A"), batch.y.astype(y.dtype)
        else:
            X, y = implementation.prepare(batch.X, batch.y)
        with np.errstate(all="ignore"):
            gradient = implementation.gradient(batch.weights, X, y)
    except (impls.Unfit, ValueError):
        return
    with np.errstate(all="ignore"):
        expected = problem.reference(*batch)
        terms = problem.absolute_terms(*batch)
    finite = np.isfinite(gradient)
    assert np.isfinite(expected[finite]).all()
    known = finite & np.isfinite(terms)
    off = np.abs(gradient[known] - expected[known])
    assert (off <= implementation.rtol * terms[known]).all()


@pytest.mark.parametrize("shape", [(0, 3), (5, 0), (0, 0)], ids=str)
def test_a_batch_of_nothing_is_refused(implementation, shape):
    """Also as the first rows of prepared data, which a loop may leave empty."""
    weights, X, y = drawn(implementation, (5, 3), 0)
    refused = pytest.raises(ValueError, match=r"^X has shape \(\d, \d\), expected \(n_samples, n_f")
    batch = weights[..., : shape[1]], X[: shape[0], : shape[1]], y[: shape[0]]
    with refused:
        implementation.prepare(*batch[1:])
    X, y = implementation.prepare(X, y)
    if isinstance(X, np.ndarray):
        batch = weights[..., : shape[1]], X[: shape[0], : shape[1]], y[: shape[0]]
    with refused:
        implementation.gradient(*batch)
