"""Fits of logistic regression to one optimum: the data, the contenders, the judge and the clock."""

from __future__ import annotations

import gc
import importlib
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from importlib.util import find_spec
from statistics import median
from typing import Any

import numpy as np
from scipy.optimize import minimize

import impls
from impls import _numerics
from impls._errors import one_line
from scripts._common.families import LIBRARY, NUMPY, ONE_PASS
from scripts._common.metrics import BASELINE
from scripts._common.names import pick

Array = np.ndarray[Any, Any]

L2 = 1.0  # scikit-learn's C = 1
# What counts as the optimum: the largest component of the gradient, per sample, and the largest
# error of a coefficient, relative to the largest coefficient.
MOST_GRADIENT, MOST_ERROR = 1e-6, 1e-6
# From scikit-learn's default down: the gradient per sample at which a contender may stop.
TOLERANCES = [10 ** (-half / 2) for half in range(8, 27)]
_MOST_ITERATIONS = 10_000
# Steps that L-BFGS-B keeps: scipy's and scikit-learn's 10, or more, which cost little beside X.
_MORE_PAIRS = 30
_NEWTON_STEPS = 100
_ROUNDING = 1e-12  # of a loss
# Idle threads of BLAS and OpenMP spin for tens of milliseconds after a call.
_REST_SECONDS = 0.1
_REAL = ("breast_cancer", "digits")
SETS = (*_REAL, "200000x100", "50000x500")  # by default
_FEWEST_SAMPLES = 20  # fewer may all have one label


@dataclass(frozen=True)
class Samples:
    """A data set: samples, labels 0 and 1, and what they are."""

    name: str
    X: Array
    y: Array
    note: str


@dataclass(frozen=True)
class Fit:
    """Result of a fit: the weights with the intercept last, and counts where they are known."""

    weights: Array
    n_iterations: int
    n_evaluations: int | None = None
    n_products: int | None = None


@dataclass(frozen=True)
class Contender:
    """A way to fit; `fit` is called with X, y and a tolerance for the gradient per sample."""

    name: str
    family: str
    fit: Callable[[Array, Array, float], Fit]


@dataclass
class Entry:
    """What a contender comes to on a data set.

    Attributes
    ----------
    contender : Contender
    tolerance : float
        The loosest one that reaches the optimum, or else the one that comes nearest to it.
    fit : Fit, optional
        Its result; None if every fit raised an error.
    gradient, error : float
        Of the result: the largest component of the gradient, per sample, and the largest error of a
        coefficient, relative to the largest one.
    reason : str
        Why there is no time; empty if the optimum is reached.
    seconds : list of float
        Time of each round.
    """

    contender: Contender
    tolerance: float = np.nan
    fit: Fit | None = None
    gradient: float = np.inf
    error: float = np.inf
    reason: str = ""
    seconds: list[float] = field(default_factory=list)

    @property
    def median(self) -> float:
        """Median time; NaN without one."""
        return median(self.seconds) if self.seconds else np.nan

    @property
    def _excess(self) -> float:
        return max(self.gradient / MOST_GRADIENT, self.error / MOST_ERROR)

    @property
    def is_reached(self) -> bool:
        """Whether the result counts as the optimum."""
        return self._excess <= 1

    def is_nearer(self, other: Entry) -> bool:
        """Whether this result is nearer to the optimum than another."""
        return self._excess < other._excess


# Data


def check_set(name: str) -> str:
    """The name of a data set, if there is one: a real one, or ``N_SAMPLESxN_FEATURES``.

    Raises
    ------
    UserError
        Otherwise; says what was expected.
    """
    if _shape_of(name) is None:
        pick("data set", name, [*_REAL, f"NxD with N from {_FEWEST_SAMPLES} on"])
    return name


def _shape_of(name: str) -> tuple[int, int] | None:
    sizes = name.split("x")
    if len(sizes) != 2 or not all(size.isascii() and size.isdecimal() for size in sizes):
        return None
    n_samples, n_features = map(int, sizes)
    return (n_samples, n_features) if n_samples >= _FEWEST_SAMPLES and n_features else None


def load_set(name: str, seed: int) -> Samples:
    """Load or draw a data set; X is in C order, and has no column of ones."""
    if name == "breast_cancer":
        _, X, y = impls.dataset("logistic", name)
        note = "malignant or benign, features of mean 0 and variance 1"
        return Samples(name, np.ascontiguousarray(X[:, 1:]), y, note)
    if name == "digits":
        _, X, digit = impls.dataset("softmax", name)
        note = "the digit 8 against the rest, pixels from 0 to 1"
        return Samples(name, np.ascontiguousarray(X[:, 1:]), (digit == 8) * 1.0, note)
    shape = _shape_of(check_set(name))
    assert shape is not None
    return _draw(name, *shape, np.random.default_rng(seed))


def _draw(name: str, n_samples: int, n_features: int, generator: np.random.Generator) -> Samples:
    """Features that are correlated with their neighbours, and labels drawn from the model."""
    X = np.empty((n_samples, n_features))
    for rows in _numerics.blocks(X):
        block = generator.standard_normal((len(X[rows]), n_features + 1))
        np.add(block[:, 1:], block[:, :-1] / 2, out=X[rows])
    truth = generator.standard_normal(n_features) / np.sqrt(n_features)
    y = (generator.random(n_samples) < _numerics.sigmoid(X @ truth - 0.5)) * 1.0
    y[:2] = 0, 1  # no contender takes labels of one class
    note = "drawn: neighbouring features are correlated by 0.4, labels follow the model"
    return Samples(name, X, y, note)


# The judge


def gradient(weights: Array, data: Samples, dtype: Any = np.float64) -> Array:
    """Gradient of the objective, block by block, in a type."""
    *w, intercept = np.asarray(weights, dtype)
    total = np.append(L2 * np.asarray(w), dtype(0))
    for rows, block, z in _inner_products(np.asarray(w), intercept, data.X, dtype):
        residual = _numerics.sigmoid(z) - data.y[rows]
        total[:-1] += residual @ block
        total[-1] += residual.sum()
    return total


def _inner_products(
    w: Array, intercept: Any, X: Array, dtype: Any
) -> Iterator[tuple[slice, Array, Array]]:
    for rows in _numerics.blocks(X):
        block = X[rows].astype(dtype, copy=False)
        yield rows, block, block @ w + intercept


def _hessian(weights: Array, data: Samples) -> Array:
    """The matrix of second derivatives."""
    n_features = data.X.shape[1]
    found = np.diag([L2] * n_features + [0.0])
    for _, block, z in _inner_products(weights[:-1], weights[-1], data.X, np.float64):
        curvature = _numerics.sigmoid(z) * _numerics.sigmoid(-z)
        product = block.T * curvature
        found[:-1, :-1] += product @ block
        found[:-1, -1] += product.sum(axis=1)
        found[-1, -1] += curvature.sum()
    found[-1, :-1] = found[:-1, -1]
    return found


def find_optimum(data: Samples) -> Array:
    """The optimum by Newton's method, with the gradient in longdouble.

    Raises
    ------
    RuntimeError
        If the steps do not become small.
    """
    weights = np.zeros(data.X.shape[1] + 1)
    slope = gradient(weights, data, np.longdouble)
    for _ in range(_NEWTON_STEPS):
        step = np.linalg.solve(_hessian(weights, data), np.asarray(slope, np.float64))
        if np.abs(step).max() <= 1e-10 * np.abs(weights).max():
            return np.asarray(weights - step)  # the error of this one is the square
        weights, slope = _descend(weights, step, slope, data)
    raise RuntimeError(f"Newton's method has found no optimum of {data.name}")


def _descend(weights: Array, step: Array, slope: Array, data: Samples) -> tuple[Array, Array]:
    """New weights and their gradient; the step is halved until it does not go far too far."""
    while True:
        ahead = weights - step
        found = gradient(ahead, data, np.longdouble)
        if -(found @ step) <= 0.5 * (slope @ step):
            return ahead, found
        step = step / 2


def judge(entry: Entry, fit: Fit, optimum: Array, data: Samples) -> None:
    """Fill in how near a fit comes to the optimum."""
    entry.fit = fit
    entry.gradient = float(np.abs(gradient(fit.weights, data)).max()) / len(data.y)
    entry.error = float(np.abs(fit.weights - optimum).max() / np.abs(optimum).max())
    if not (np.isfinite(entry.gradient) and np.isfinite(entry.error)):
        entry.gradient = entry.error = np.inf


# Contenders


def contenders() -> list[Contender]:
    """Those whose libraries are installed."""
    found = [
        Contender(f"{name} L-BFGS-B", family, _lbfgs(name))
        for name, family in (("fused", ONE_PASS), ("auto", ONE_PASS), ("matrix", NUMPY))
    ]
    more = f"fused L-BFGS-B, maxcor {_MORE_PAIRS}"
    found.append(Contender(more, ONE_PASS, _lbfgs("fused", _MORE_PAIRS)))
    found.append(Contender("fused Newton", ONE_PASS, _newton))
    found.append(Contender("fused newton-cg", ONE_PASS, _newton_cg))
    found.append(Contender("fused trust-ncg", ONE_PASS, _trust_ncg))
    libraries = {"scikit-learn": "sklearn", "scikit-learn-intelex": "sklearnex"}
    for name, module in libraries.items():
        if find_spec(module):
            found.append(Contender(f"{name} lbfgs", LIBRARY, _library(module, "lbfgs")))
    if find_spec("sklearn"):
        solver = "newton-cholesky"
        found.append(Contender(f"scikit-learn {solver}", LIBRARY, _library("sklearn", solver)))
    return found


def _lbfgs(name: str, maxcor: int = 10) -> Callable[[Array, Array, float], Fit]:
    """scipy's L-BFGS-B with the line search of scikit-learn; it stops by the gradient alone."""

    def fit(X: Array, y: Array, tolerance: float) -> Fit:
        objective = impls.objective("logistic", name, X, y, l2=L2, fit_intercept=True)
        options: dict[str, float] = {"ftol": 0, "gtol": tolerance * len(y), "maxcor": maxcor}
        options |= {"maxiter": _MOST_ITERATIONS, "maxfun": 10 * _MOST_ITERATIONS, "maxls": 50}
        start = objective.zero_weights()
        with nullcontext() if name == BASELINE else impls.one_blas_thread():
            found = minimize(objective, start, jac=True, method="L-BFGS-B", options=options)
        return Fit(found.x, found.nit, found.nfev)

    return fit


def _newton(X: Array, y: Array, tolerance: float) -> Fit:
    """Newton's method with the whole Hessian; a step is halved while the loss would rise."""
    objective = impls.objective("logistic", "fused", X, y, l2=L2, fit_intercept=True)
    weights = objective.zero_weights()
    loss, slope = objective(weights)
    n_steps, n_evaluations = 0, 1
    with impls.one_blas_thread():
        while np.abs(slope).max() > tolerance * len(y) and n_steps < _NEWTON_STEPS:
            step = np.linalg.solve(objective.hessian(weights), slope)
            while (ahead := objective(weights - step))[0] > loss * (1 + _ROUNDING):
                step /= 2
                n_evaluations += 1
            weights, (loss, slope) = weights - step, ahead
            n_steps, n_evaluations = n_steps + 1, n_evaluations + 1
    return Fit(weights, n_steps, n_evaluations)


def _newton_cg(X: Array, y: Array, tolerance: float) -> Fit:
    """scipy's newton-cg, which stops by its last step; the error is quadratic in its length."""
    objective = impls.objective("logistic", "fused", X, y, l2=L2, fit_intercept=True)
    start, hessp = objective.zero_weights(), objective.hessian_vector
    options: dict[str, float] = {"maxiter": _MOST_ITERATIONS, "xtol": 100 * tolerance}
    with impls.one_blas_thread():
        found = minimize(
            objective, start, jac=True, hessp=hessp, method="newton-cg", options=options
        )
    return Fit(found.x, found.nit, found.nfev, found.nhev)


def _trust_ncg(X: Array, y: Array, tolerance: float) -> Fit:
    """scipy's trust-ncg on the mean loss.

    It solves for a step as exactly as the gradient is small: on the sum, roughly for too long.
    """
    objective = impls.objective("logistic", "fused", X, y, l2=L2, fit_intercept=True)
    n_samples = len(y)

    def mean(weights: Array) -> tuple[float, Array]:
        loss, slope = objective(weights)
        return loss / n_samples, slope / n_samples

    options: dict[str, float] = {"maxiter": _MOST_ITERATIONS, "gtol": tolerance}
    with impls.one_blas_thread():
        found = minimize(
            mean,
            objective.zero_weights(),
            jac=True,
            hessp=lambda weights, v: objective.hessian_vector(weights, v) / n_samples,
            method="trust-ncg",
            options=options,
        )
    return Fit(found.x, found.nit, found.nfev, found.nhev)


def _library(module: str, solver: str) -> Callable[[Array, Array, float], Fit]:
    """LogisticRegression of scikit-learn, or of a package with its interface."""

    def fit(X: Array, y: Array, tolerance: float) -> Fit:
        model_of: Any = importlib.import_module(f"{module}.linear_model").LogisticRegression
        # scikit-learn-intelex compares the gradient of the sum, and scikit-learn that of the mean.
        tol = tolerance * (len(y) if module == "sklearnex" else 1)
        model = model_of(C=1 / L2, tol=tol, solver=solver, max_iter=_MOST_ITERATIONS)
        model.fit(X, y)
        weights = np.append(np.ravel(model.coef_), model.intercept_)
        return Fit(weights.astype(np.float64), int(np.ravel(model.n_iter_)[0]))

    return fit


# Tolerances and times


def tune(contender: Contender, data: Samples, optimum: Array) -> Entry:
    """Tighten the tolerance until the optimum is reached; its warnings do not count, we judge."""
    best = Entry(contender)
    for tolerance in TOLERANCES:
        entry = Entry(contender, tolerance)
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                judge(entry, contender.fit(data.X, data.y, tolerance), optimum, data)
        except Exception as error:  # a library's fault costs its own row alone
            entry.reason = f"failed: {one_line(f'{type(error).__name__}: {error}')}"
            return entry
        if entry.is_reached:
            return entry
        if best.fit is None or entry.is_nearer(best):
            best = entry
    best.reason = "optimum not reached"
    return best


def time_in_turn(
    entries: Sequence[Entry], data: Samples, n_rounds: int, seed: int, tick: Callable[[], Any]
) -> None:
    """Time the fits that reach the optimum, in rounds, in an order that is drawn for each.

    `tick` is called after each fit.
    """
    generator = np.random.default_rng(seed)
    running = [entry for entry in entries if not entry.reason]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for _ in range(n_rounds):
            for place in generator.permutation(len(running)):
                entry = running[place]
                gc.collect()
                time.sleep(_REST_SECONDS)
                begin = time.perf_counter()
                entry.contender.fit(data.X, data.y, entry.tolerance)
                entry.seconds.append(time.perf_counter() - begin)
                tick()
