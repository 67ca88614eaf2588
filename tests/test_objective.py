"""The objective for an optimiser: values, gradients, Hessian products, refusals and memory.

The expected numbers come from the problem's loss and reference on X with a column of ones, with
each sample repeated as often as its weight says: nothing of the objective's own code.
"""

import sys
from concurrent.futures import ThreadPoolExecutor
from itertools import product

import numba
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

import impls
from impls import _accuracy, _measure, _table
from impls._onepass import load, threads
from tests._exact import mp, rounding_bound, to_mp
from tests._loading import IMPLEMENTATIONS, load_or_skip

CASES = list(product([0.0, 0.3], [False, True], [False, True]))  # l2, intercept, weights

every_implementation = pytest.mark.parametrize(
    ("problem", "name"), IMPLEMENTATIONS, ids=map("/".join, IMPLEMENTATIONS)
)
every_case = pytest.mark.parametrize(("l2", "fit_intercept", "is_weighted"), CASES)


def pixels(problem, n_samples, n_features, seed=0):
    """Data that fit every storage: 8-bit levels, scaled to 1."""
    _, X, y = impls.make(problem, n_samples, n_features, seed)
    X = np.random.default_rng(seed).integers(0, 256, X.shape) / 255
    return X, y


def draw_weights(objective, seed=0):
    return np.random.default_rng(seed).standard_normal(objective.n_weights)


def draw_counts(n_samples, is_weighted, seed=0):
    """Sample weights that are whole numbers, 0 among them; None for none."""
    return np.random.default_rng(seed).integers(0, 4, n_samples) * 1.0 if is_weighted else None


class Expected:
    """Loss and gradient of a problem by its own loss and reference."""

    def __init__(self, problem, X, y, l2, fit_intercept, counts):
        self.problem, self.l2, self.fit_intercept = problem, l2, fit_intercept
        self.module = _table.problem_module(problem)
        start = self.module.zero_weights(X, y).shape
        self.shape = (*start[:-1], start[-1] + fit_intercept)
        if fit_intercept:
            X = np.column_stack([X, np.ones(len(y))])
        self.scale = 1.0
        if counts is not None:
            if self.module.AVERAGED:
                self.scale = counts.sum() / len(y)  # the mean is over samples, not weights
            X, y = (np.repeat(each, counts.astype(int), axis=0) for each in (X, y))
        self.X, self.y = X, y

    def penalised(self, weights):
        table = weights.reshape(self.shape).copy()
        if self.fit_intercept:
            table[..., -1] = 0
        return table

    def loss(self, weights):
        penalty = self.l2 / 2 * np.sum(self.penalised(weights) ** 2)
        if not len(self.y):
            return penalty
        table = weights.reshape(self.shape)
        return self.scale * self.module.loss(table, self.X, self.y) + penalty

    def gradient(self, weights):
        """In longdouble."""
        penalty = np.longdouble(self.l2) * self.penalised(weights)
        if not len(self.y):
            return penalty.ravel()
        table = weights.reshape(self.shape)
        exact = impls.reference(self.problem, table, self.X, self.y)
        return (self.scale * exact + penalty).ravel()

    def terms(self, weights):
        """Sum of the absolute terms, the unit of a gradient's error."""
        penalty = self.l2 * np.abs(self.penalised(weights))
        if not len(self.y):
            return penalty.ravel() + sys.float_info.min
        table = weights.reshape(self.shape)
        terms = _accuracy.terms(self.problem, table, self.X, self.y)
        return (self.scale * terms + penalty).ravel()


def check(problem, name, X, y, l2, fit_intercept, counts, seed=0):
    """Compare loss and gradient at drawn weights with the expected ones."""
    objective = impls.objective(
        problem, name, X, y, l2=l2, fit_intercept=fit_intercept, sample_weight=counts
    )
    expected = Expected(problem, X, y, l2, fit_intercept, counts)
    weights = draw_weights(objective, seed)
    given = weights.copy()
    loss, gradient = objective(weights)
    assert np.array_equal(weights, given)
    assert isinstance(loss, float)
    assert gradient.dtype == np.float64
    assert gradient.shape == weights.shape == (np.prod(expected.shape),)
    implementation = impls.load(problem, name)
    allowed = max(implementation.rtol, rounding_bound(weights, X, np.float64))
    assert loss == pytest.approx(expected.loss(weights), rel=allowed, abs=1e-300)
    exact, terms = expected.gradient(weights), expected.terms(weights)
    assert _accuracy.compare(gradient, exact, terms) <= allowed
    assert objective.loss(weights) == loss
    assert np.array_equal(objective.gradient(weights), gradient)
    return objective


# Values


@every_case
@every_implementation
def test_loss_and_gradient(problem, name, l2, fit_intercept, is_weighted):
    implementation = load_or_skip(problem, name)
    X, y = pixels(problem, 60, 7)
    counts = draw_counts(60, is_weighted)
    if is_weighted and "evaluate" not in implementation.parts:
        with pytest.raises(impls.Unfit, match=f"{name} takes no sample_weight, because"):
            impls.objective(problem, name, X, y, sample_weight=counts)
        return
    check(problem, name, X, y, l2, fit_intercept, counts)


@pytest.mark.parametrize(
    ("problem", "name"),
    [(problem, name) for problem, name in IMPLEMENTATIONS if name in ("fused", "auto", "matrix")]
    + [("logistic", "fused_float32"), ("logistic", "fused_uint8"), ("softmax", "chunked")],
)
@settings(max_examples=20, deadline=None, derandomize=True)
@given(
    shape=st.tuples(st.integers(1, 70), st.integers(1, 40)),
    case=st.sampled_from(CASES),
    seed=st.integers(0, 99),
)
def test_any_shape(problem, name, shape, case, seed):
    implementation = load_or_skip(problem, name)
    l2, fit_intercept, is_weighted = case
    X, y = pixels(problem, *shape, seed)
    is_weighted = is_weighted and "evaluate" in implementation.parts
    check(problem, name, X, y, l2, fit_intercept, draw_counts(len(y), is_weighted, seed), seed)


@pytest.mark.parametrize("shape", [(3, 4001), (9, 900), (1030, 12), (5003, 200)])
@pytest.mark.parametrize("name", ["fused", "fused_float32", "fused_uint8", "auto"])
def test_large_data_on_all_threads(name, shape, monkeypatch):
    monkeypatch.setattr(load.Load, "asks_for_threads", lambda self, now: True)
    monkeypatch.setattr(threads, "threads_pay_from", lambda: 0)
    X, y = pixels("logistic", *shape)
    check("logistic", name, X, y, 0.5, True, draw_counts(len(y), True))


def test_weights_need_not_be_whole_numbers():
    X, y = pixels("logistic", 50, 5)
    sample_weight = np.random.default_rng(1).random(50)
    weighted = impls.objective("logistic", "fused", X, y, sample_weight=sample_weight)
    weights = draw_weights(weighted)
    each = [impls.objective("logistic", "fused", X[[i]], y[[i]])(weights) for i in range(50)]
    loss, gradient = weighted(weights)
    assert loss == pytest.approx(sample_weight @ [one[0] for one in each], rel=1e-13)
    assert gradient == pytest.approx(sample_weight @ [one[1] for one in each], rel=1e-12)


@pytest.mark.parametrize("dtype", [np.float32, np.int64, np.bool_])
def test_sample_weights_of_any_real_type(dtype):
    X, y = pixels("logistic", 50, 5)
    counts = draw_counts(50, True).astype(dtype)
    exact = impls.objective("logistic", "fused", X, y, sample_weight=counts.astype(np.float64))
    weights = draw_weights(exact)
    found = impls.objective("logistic", "fused", X, y, sample_weight=counts)(weights)
    assert found[0] == exact(weights)[0]
    assert np.array_equal(found[1], exact(weights)[1])


@pytest.mark.parametrize("name", ["fused", "matrix"])
@pytest.mark.parametrize(
    "lay_out",
    [
        np.asfortranarray,
        lambda X: np.repeat(X, 2, axis=1)[:, ::2],
        lambda X: X.astype(np.float32),
        lambda X: X.astype(">f8"),
    ],
    ids=["Fortran", "strided", "float32", "other byte order"],
)
def test_any_layout_of_the_samples(name, lay_out):
    X, y = pixels("logistic", 40, 6)
    X = np.round(X)  # float32 holds it exactly
    objective = impls.objective("logistic", name, lay_out(X), y, fit_intercept=True, l2=1.0)
    expected = Expected("logistic", X, y, 1.0, True, None)
    weights = draw_weights(objective)
    assert objective(weights)[0] == pytest.approx(expected.loss(weights), rel=1e-13)
    assert objective(weights)[1] == pytest.approx(expected.gradient(weights), rel=1e-12)


@pytest.mark.parametrize("fit_intercept", [False, True])
@pytest.mark.parametrize("name", ["fused", "matrix"])
@pytest.mark.parametrize(
    "change",
    [
        lambda w: np.repeat(w, 2)[::2],
        lambda w: w.astype(np.float32),
        lambda w: w.astype(">f8"),
        lambda w: w.astype(np.int64),
        lambda w: np.frombuffer(w.tobytes()),
    ],
    ids=["strided", "float32", "other byte order", "integers", "read-only"],
)
def test_any_form_of_the_weights(name, change, fit_intercept):
    X, y = pixels("logistic", 40, 6)
    objective = impls.objective("logistic", name, X, y, fit_intercept=fit_intercept)
    weights = np.round(draw_weights(objective))
    expected = objective(weights)
    loss, gradient = objective(change(weights))
    assert loss == expected[0]
    assert np.array_equal(gradient, expected[1])
    if name == "fused":
        wanted = objective.hessian_vector(weights, weights)
        assert np.array_equal(objective.hessian_vector(change(weights), change(weights)), wanted)


def test_gradients_are_not_written_to_again():
    X, y = pixels("logistic", 40, 6)
    objective = impls.objective("logistic", "fused", X, y, l2=1.0)
    _, first = objective(objective.zero_weights())
    kept = first.copy()
    _, second = objective(draw_weights(objective))
    assert not np.shares_memory(first, second)
    assert np.array_equal(first, kept)


def test_the_weights_are_those_of_the_problem():
    X, y = pixels("softmax", 50, 4)
    assert impls.objective("softmax", "matrix", X, y).n_weights == (y.max() + 1) * 4
    with_intercept = impls.objective("softmax", "matrix", X, y, fit_intercept=True)
    start = with_intercept.zero_weights()
    assert start.shape == ((y.max() + 1) * 5,)
    assert not start.any()
    loss, _ = with_intercept(start)
    assert loss == pytest.approx(np.log(y.max() + 1))


# Far from 0


@every_case
@every_implementation
def test_large_inner_products_give_finite_numbers(problem, name, l2, fit_intercept, is_weighted):
    """Warnings are errors in these tests."""
    implementation = load_or_skip(problem, name)
    X, y = pixels(problem, 50, 6)
    counts = draw_counts(50, is_weighted and "evaluate" in implementation.parts)
    objective = impls.objective(
        problem, name, X, y, l2=l2, fit_intercept=fit_intercept, sample_weight=counts
    )
    samples = np.column_stack([X, np.ones(50)])[:, : 6 + fit_intercept]
    most = 80 if problem == "poisson" else 1e4  # exp(80) is near the end of float32
    for sign in (1, -1):
        table = sign * draw_weights(objective).reshape(-1, 6 + fit_intercept)
        table *= most / np.abs(samples @ table.T).max()
        loss, gradient = objective(table.ravel())
        assert np.isfinite(loss)
        assert loss >= 0 or problem == "poisson"
        assert np.isfinite(gradient).all()
        if "make_hessian" in implementation.parts:
            product = objective.hessian_vector(table.ravel(), np.ones(table.size))
            assert np.isfinite(product).all()


@pytest.mark.parametrize("name", ["fused", "auto", "matrix"])
@pytest.mark.parametrize("fit_intercept", [False, True])
@pytest.mark.parametrize("is_right", [True, False], ids=["all right", "all wrong"])
def test_the_logistic_loss_keeps_its_digits(name, fit_intercept, is_right):
    """With one feature and weight 1, inner products are exact."""
    z = np.random.default_rng(2).uniform(-1, 1, 200) * np.geomspace(1e-3, 700, 200)
    y = ((z > 0) == is_right).astype(np.float64)
    objective = impls.objective("logistic", name, z[:, np.newaxis], y, fit_intercept=fit_intercept)
    weights = np.array([1.0, 0.0])[: objective.n_weights]
    exact = mp.fsum(
        mp.log1p(mp.exp(-number if label else number))
        for number, label in zip(to_mp(z), y, strict=True)
    )
    assert abs(objective.loss(weights) / exact - 1) <= 1e-14


@pytest.mark.parametrize("z", [-40.0, -1.0, 1.0, 40.0, 700.0])
@pytest.mark.parametrize("label", [0.0, 1.0])
def test_the_loss_of_one_sample_keeps_its_digits(z, label):
    objective = impls.objective("logistic", "fused", np.array([[z]]), np.array([label]))
    exact = mp.log1p(mp.exp(-mp.mpf(z) if label else mp.mpf(z)))
    assert abs(objective.loss(np.ones(1)) / exact - 1) <= 1e-15


# Products with the Hessian


def differentiate(expected, weights, v):
    """The Hessian times v by central differences of the exact gradient, extrapolated."""

    def slope(h):
        h = np.longdouble(h)
        above, below = (expected.gradient(weights + sign * h * v) for sign in (1, -1))
        return (above - below) / (2 * h)

    return (4 * slope(1e-4) - slope(2e-4)) / 3


@every_case
@every_implementation
def test_hessian_products(problem, name, l2, fit_intercept, is_weighted):
    implementation = load_or_skip(problem, name)
    X, y = pixels(problem, 60, 7)
    counts = draw_counts(60, is_weighted and "evaluate" in implementation.parts)
    objective = impls.objective(
        problem, name, X, y, l2=l2, fit_intercept=fit_intercept, sample_weight=counts
    )
    expected = Expected(problem, X, y, l2, fit_intercept, counts)
    if "make_hessian" not in implementation.parts:
        zeros = objective.zero_weights()
        with pytest.raises(impls.Unfit, match=f"{name} has no make_hessian; take an impl"):
            objective.hessian_vector(zeros, zeros)
        with pytest.raises(impls.Unfit, match=f"{name} has no make_hessian; take an impl"):
            objective.hessian(zeros)
        return
    rtol = max(1e-9, 10 * implementation.rtol)
    for seed in range(3):
        weights, v = draw_weights(objective, seed), draw_weights(objective, seed + 10)
        exact = differentiate(expected, weights, v).astype(np.float64)
        for _ in range(2):  # the second one finds the weights known
            found = objective.hessian_vector(weights, v)
            assert found == pytest.approx(exact, rel=rtol, abs=rtol * np.abs(exact).max())
        matrix = objective.hessian(weights)
        assert matrix.shape == (objective.n_weights,) * 2
        assert matrix == pytest.approx(matrix.T, rel=rtol, abs=rtol * np.abs(matrix).max())
        assert matrix @ v == pytest.approx(exact, rel=rtol, abs=rtol * np.abs(exact).max())


def test_a_change_of_the_weights_in_place_is_seen():
    X, y = pixels("logistic", 50, 5)
    objective = impls.objective("logistic", "fused", X, y)
    weights, v = draw_weights(objective), np.ones(5)
    before = objective.hessian_vector(weights, v)
    weights *= 3
    fresh = impls.objective("logistic", "fused", X, y).hessian_vector(weights, v)
    assert np.array_equal(objective.hessian_vector(weights, v), fresh)
    assert not np.array_equal(before, fresh)


def test_the_curvature_of_large_inner_products_keeps_its_digits():
    """``s (1 - s)`` is ``exp(-|z|)`` to rounding there, not the difference of 1 and 1."""
    for z in (-50.0, 50.0, 300.0):
        objective = impls.objective("logistic", "fused", np.array([[z]]), np.ones(1))
        found = objective.hessian_vector(np.ones(1), np.ones(1))
        assert found[0] == pytest.approx(z**2 * np.exp(-abs(z)), rel=1e-13, abs=0)


# Refusals


def make_objective(name="fused", **options):
    X, y = pixels("logistic", 20, 3)
    return impls.objective("logistic", name, X, y, **options)


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"l2": -1}, ValueError, "l2 is -1, expected a number from 0 on"),
        ({"l2": np.nan}, ValueError, "l2 is nan, expected a number from 0 on"),
        ({"l2": np.inf}, ValueError, "l2 is inf, expected a number from 0 on"),
        ({"l2": "1"}, TypeError, "l2 is '1', expected a number from 0 on"),
        ({"l2": None}, TypeError, "l2 is None, expected a number from 0 on"),
        ({"l2": np.ones(2)}, TypeError, "expected a number from 0 on"),
        ({"sample_weight": np.ones(19)}, ValueError, r"sample_weight has shape \(19,\), expected"),
        ({"sample_weight": np.ones((20, 1))}, ValueError, r"sample_weight has shape \(20, 1\)"),
        ({"sample_weight": np.full(20, -1)}, ValueError, r"sample_weight\[0\] is -1, expected"),
        ({"sample_weight": np.full(20, np.nan)}, ValueError, r"sample_weight\[0\] is nan, expec"),
        ({"sample_weight": np.full(20, np.inf)}, ValueError, r"sample_weight\[0\] is inf, expec"),
        ({"sample_weight": [1.0] * 20}, TypeError, "sample_weight is a list, expected a NumPy"),
        ({"sample_weight": np.array(["1"] * 20)}, TypeError, "sample_weight has dtype <U1"),
        ({"name": "matrix", "sample_weight": np.ones(20)}, impls.Unfit, "matrix takes no sample"),
        ({"fit_intercept": "no"}, TypeError, "fit_intercept is 'no', expected True or False"),
        ({"fit_intercept": 2}, TypeError, "fit_intercept is 2, expected True or False"),
        ({"name": "fusd"}, impls.UnknownName, "did you mean 'fused'"),
    ],
)
def test_options_are_checked(options, error, message):
    with pytest.raises(error, match=message):
        make_objective(**options)


@pytest.mark.parametrize("name", ["fused", "matrix"])
@pytest.mark.parametrize(
    ("X", "y", "error", "message"),
    [
        (np.ones((2, 2)), np.array([0.0, 2.0]), ValueError, r"y\[1\] is 2.0, expected a label"),
        (np.ones((2, 2)), np.ones(3), ValueError, r"y has shape \(3,\), expected \(2,\)"),
        (np.ones(2), np.ones(2), ValueError, r"X has shape \(2,\), expected \(n_samples"),
        ([[1.0]], np.ones(1), TypeError, "X is a list, expected a NumPy array"),
        (np.array([[1.0, np.nan]]), np.ones(1), ValueError, r"X\[0, 1\] is nan, expected a fin"),
        (np.array([[1.0, np.inf]]), np.ones(1), ValueError, r"X\[0, 1\] is inf, expected a fin"),
    ],
)
@pytest.mark.parametrize("fit_intercept", [False, True])
def test_the_data_are_checked(name, X, y, error, message, fit_intercept):
    with pytest.raises(error, match=message):
        impls.objective("logistic", name, X, y, fit_intercept=fit_intercept)


@pytest.mark.parametrize(
    ("weights", "error", "message"),
    [
        (np.zeros(3), ValueError, r"weights has shape \(3,\), expected \(4,\): \(n_weights,\)"),
        (np.zeros((4, 1)), ValueError, r"weights has shape \(4, 1\), expected 1 dimension"),
        ([0.0] * 4, TypeError, "weights is a list, expected a"),
        (np.zeros(4, complex), TypeError, "weights has dtype complex128, expected a real"),
        (np.array(["0"] * 4), TypeError, "weights has dtype <U1, expected a real"),
    ],
)
def test_the_weights_are_checked(weights, error, message):
    objective = make_objective(fit_intercept=True)
    with pytest.raises(error, match=message):
        objective(weights)
    with pytest.raises(error, match=message):
        objective.hessian_vector(weights, np.zeros(4))
    with pytest.raises(error, match=message):
        objective.hessian(weights)
    with pytest.raises(
        error, match=message.replace("weights has", "v has").replace("weights is", "v is")
    ):
        objective.hessian_vector(np.zeros(4), weights)


def test_sample_weights_that_float32_lacks_are_refused():
    with pytest.raises(impls.Unfit, match="sample_weight, from 1e"):
        make_objective("fused_float32", sample_weight=np.full(20, 1e300))


# Memory


@pytest.fixture(scope="module")
def large():
    return pixels("logistic", 40_000, 50)


@pytest.mark.parametrize("name", ["fused", "auto", "fused_uint8"])
def test_intercept_and_weights_copy_nothing(name, large):
    X, y = large
    sample_weight = np.ones(len(y))
    objective = impls.objective(
        "logistic", name, X, y, l2=1.0, fit_intercept=True, sample_weight=sample_weight
    )
    weights = draw_weights(objective)
    # Less than one vector of a number per sample.
    assert _measure.workspace_bytes(lambda: objective(weights)) < 8 * len(y) / 4


def test_hessian_products_copy_nothing(large):
    X, y = large
    objective = impls.objective("logistic", "fused", X, y, l2=1.0, fit_intercept=True)
    weights, v = draw_weights(objective), draw_weights(objective, 1)
    assert _measure.workspace_bytes(lambda: objective.hessian_vector(weights, v)) < 8 * len(y) / 4
    other = iter([weights + i for i in range(1, 3)])
    # New weights: some vectors of a number per sample, for the curvatures.
    peak = _measure.workspace_bytes(lambda: objective.hessian_vector(next(other), v))
    assert peak < 8 * 8 * len(y) < X.nbytes / 4
    # The matrix: a block of rows and its product with their curvatures.
    assert _measure.workspace_bytes(lambda: objective.hessian(weights)) < X.nbytes / 4


def test_data_from_memory_are_not_copied_at_the_start(large, monkeypatch):
    monkeypatch.setattr(threads, "largest_cache_bytes", lambda: 1000)
    X, y = large
    sample_weight = np.ones(len(y))
    options = {"l2": 1.0, "fit_intercept": True, "sample_weight": sample_weight}
    peak = _measure.workspace_bytes(lambda: impls.objective("logistic", "fused", X, y, **options))
    assert peak < X.nbytes / 4


# Optimisers


def fit(objective, method="L-BFGS-B", **options):
    if "hessp" in options:
        options["hessp"] = objective.hessian_vector
    settings = {"L-BFGS-B": {"ftol": 0, "gtol": 1e-9}, "newton-cg": {"xtol": 1e-12}}
    found = minimize(
        objective,
        objective.zero_weights(),
        jac=True,
        method=method,
        options={"maxiter": 2000, **settings.get(method, {"gtol": 1e-9})},
        **options,
    )
    return found.x


@pytest.mark.parametrize(
    ("method", "options"),
    [("L-BFGS-B", {}), ("newton-cg", {"hessp": True}), ("trust-ncg", {"hessp": True})],
)
@pytest.mark.parametrize("is_weighted", [False, True])
def test_scipy_finds_scikit_learns_logistic_coefficients(method, options, is_weighted):
    linear_model = pytest.importorskip("sklearn.linear_model")
    X, y = pixels("logistic", 300, 6, seed=3)
    sample_weight = np.random.default_rng(4).random(300) if is_weighted else None
    objective = impls.objective(
        "logistic", "fused", X, y, l2=0.5, fit_intercept=True, sample_weight=sample_weight
    )
    model = linear_model.LogisticRegression(C=2.0, tol=1e-12, solver="newton-cholesky")
    model.fit(X, y, sample_weight)
    expected = np.append(model.coef_, model.intercept_)
    assert fit(objective, method, **options) == pytest.approx(expected, rel=0, abs=1e-6)


@pytest.mark.parametrize("name", ["fused", "matrix"])
def test_scipy_finds_scikit_learns_ridge_coefficients(name):
    linear_model = pytest.importorskip("sklearn.linear_model")
    X, y = pixels("linear", 300, 6, seed=3)
    objective = impls.objective("linear", name, X, y, l2=0.1, fit_intercept=True)
    model = linear_model.Ridge(alpha=0.1 * 300, solver="cholesky").fit(X, y)
    expected = np.append(model.coef_, model.intercept_)
    assert fit(objective) == pytest.approx(expected, rel=0, abs=1e-6)


def test_scipy_finds_scikit_learns_poisson_coefficients():
    linear_model = pytest.importorskip("sklearn.linear_model")
    X, y = pixels("poisson", 300, 6, seed=3)
    counts = draw_counts(300, True)
    objective = impls.objective(
        "poisson", "fused", X, y, l2=0.1 * counts.mean(), fit_intercept=True, sample_weight=counts
    )
    model = linear_model.PoissonRegressor(alpha=0.1, tol=1e-10, solver="newton-cholesky")
    model.fit(X, y, counts)
    expected = np.append(model.coef_, model.intercept_)
    assert fit(objective) == pytest.approx(expected, rel=0, abs=1e-6)


@pytest.mark.parametrize("name", [n for n in ("matrix", "fused") if n in impls.names("softmax")])
def test_scipy_finds_scikit_learns_softmax_coefficients(name):
    linear_model = pytest.importorskip("sklearn.linear_model")
    X, y = pixels("softmax", 300, 6, seed=3)
    objective = impls.objective("softmax", name, X, y, l2=0.02, fit_intercept=True)
    model = linear_model.LogisticRegression(C=1 / (300 * 0.02), tol=1e-12, max_iter=10_000)
    model.fit(X, y)
    found = fit(objective).reshape(-1, 7)
    assert found[:, :6] == pytest.approx(model.coef_, rel=0, abs=1e-6)
    # Intercepts that all grow by the same number give the same probabilities.
    centred = [each - each.mean() for each in (found[:, 6], model.intercept_)]
    assert centred[0] == pytest.approx(centred[1], rel=0, abs=1e-6)


# Threads


@pytest.mark.parametrize("on_all_threads", [False, True])
def test_two_threads_at_once_get_their_own_results(on_all_threads, monkeypatch):
    if on_all_threads:
        monkeypatch.setattr(threads, "threads_pay_from", lambda: 0)
    X, y = pixels("logistic", 50, 5)
    counts = draw_counts(50, True)
    objective = impls.objective(
        "logistic", "fused", X, y, l2=1.0, fit_intercept=True, sample_weight=counts
    )
    points = [draw_weights(objective, seed) for seed in range(2)]
    expected = [(*objective(w), objective.hessian_vector(w, w)) for w in points]
    if on_all_threads and numba.threading_layer() == "workqueue":
        pytest.skip("numba's workqueue allows one thread at a time")

    def count_wrong(which):
        weights, (loss, gradient, product) = points[which], expected[which]
        wrong = 0
        for _ in range(400):
            found = objective(weights)
            wrong += found[0] != pytest.approx(loss, rel=1e-13)
            wrong += not np.allclose(found[1], gradient, rtol=1e-11, atol=1e-13)
            for _ in range(5):  # as optimisers do: they find the weights known
                found = objective.hessian_vector(weights, weights)
                wrong += not np.allclose(found, product, rtol=1e-11, atol=1e-13)
        return wrong

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)  # so that the threads take turns within a call
    try:
        with ThreadPoolExecutor(2) as pool:
            assert list(pool.map(count_wrong, range(2))) == [0, 0]
    finally:
        sys.setswitchinterval(interval)
