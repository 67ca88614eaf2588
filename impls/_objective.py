"""An objective that an optimiser minimises: a problem's loss and gradient around one kernel."""

from __future__ import annotations

import math
from collections.abc import Callable
from numbers import Real
from typing import Any

import numpy as np

from impls._casting import check_fits
from impls._checks import as_float64, check_array, check_finite, expect_shape
from impls._counts import as_float
from impls._errors import Unfit, told
from impls._frames import as_array
from impls._table import Implementation, load, problem_module, problem_part

Array = np.ndarray[Any, Any]
LossGradient = Callable[[Array], tuple[float, Array]]


def objective(
    problem: str,
    name: str,
    X: Array,
    y: Array,
    *,
    l2: float = 0.0,
    fit_intercept: bool = False,
    sample_weight: Array | None = None,
) -> Objective:
    """A problem's loss with L2 penalty, intercept and sample weights, for an optimiser.

    ::

        objective(w, b) = sum_i s_i loss(<w, x_i> + b, y_i) + l2 / 2 |w|^2

    or the mean over the n samples where the problem's loss is one: ``1 / n sum_i s_i loss(...)``.
    The intercept is not penalised. For logistic regression, scikit-learn's ``C`` is ``1 / l2``.

    Parameters
    ----------
    problem, name : str
        Names of the problem and the implementation.
    X, y : ndarray
        Samples (n_samples, n_features) and labels (n_samples,); or pandas' DataFrame and Series.
    l2 : float
        Strength of the penalty, not negative.
    fit_intercept : bool
        Whether the last weight (softmax: the last column) is an intercept. Implementations with
        ``evaluate`` add it to the inner products; for others X is copied with a column of ones.
    sample_weight : ndarray, optional
        (n_samples,), finite and not negative; s in the formula.

    Returns
    -------
    Objective
        What ``scipy.optimize.minimize(objective, objective.zero_weights(), jac=True)`` takes.

    Raises
    ------
    TableError
        As `load` and ``prepare`` raise them; Unfit if the implementation takes no sample weights.
    TypeError, ValueError
        Names the argument, what was given and what was expected.

    Examples
    --------
    >>> import impls, scipy.optimize
    >>> _, X, y = impls.make("logistic", 1000, 10)
    >>> objective = impls.objective("logistic", "fused", X, y, l2=1.0, fit_intercept=True)
    >>> start = objective.zero_weights()
    >>> scipy.optimize.minimize(objective, start, jac=True, method="L-BFGS-B").success
    True
    """
    return Objective(load(problem, name), X, y, l2, fit_intercept, sample_weight)


class Objective:
    """Loss and gradient as functions of one vector of weights; see `objective`.

    Attributes
    ----------
    n_weights : int
        Length of the vector: a weight per feature, then the intercept; for softmax the rows of the
        classes, one after the other, each with its intercept.
    """

    def __init__(
        self,
        implementation: Implementation,
        X: Array,
        y: Array,
        l2: float,
        fit_intercept: bool,
        sample_weight: Array | None,
    ) -> None:
        self._parts, self._l2 = implementation.parts, _check_l2(l2)
        X, y = as_array("X", X), as_array("y", y)
        self._name, self._problem = implementation.name, problem_module(implementation.problem)
        self._has_intercept = _check_fit_intercept(fit_intercept)
        if implementation.takes_rows:  # which are checked as they pass by
            X, y = implementation.prepare(X, y)
        else:
            self._problem.check(X, y)
            check_finite("X", X)
            check_finite("y", y)
        self._sample_weight = _check_sample_weight(sample_weight, len(y), implementation)
        *rows, n_features = self._problem.zero_weights(X, y).shape
        self._shape = (*rows, n_features + self._has_intercept)
        self.n_weights = math.prod(self._shape)
        if self._has_intercept and "evaluate" not in self._parts:
            X = _with_ones(implementation, X, len(y))
        self._prepared = (X, y) if implementation.takes_rows else implementation.prepare(X, y)
        self._loss_gradient = self._choose(implementation, X, y)
        self._hessian: tuple[Array, Callable[..., Any]] | None = None

    def _choose(self, implementation: Implementation, X: Array, y: Array) -> LossGradient:
        """Loss and gradient of a table of weights, its last column being the intercept's."""
        if "evaluate" in self._parts:
            return self._evaluate
        if "loss_gradient" in self._parts:
            return lambda weights: self._parts["loss_gradient"](weights, *self._prepared)
        loss, kernel = problem_part(implementation.problem, "loss"), implementation.kernel
        return lambda weights: (loss(weights, X, y), kernel(weights, *self._prepared))

    def _evaluate(self, table: Array) -> tuple[float, Array]:
        weights, intercept = self._split(table)
        loss, gradient, slope = self._parts["evaluate"](
            weights, *self._prepared, self._sample_weight, intercept
        )
        return loss, self._join(gradient, slope)

    def _split(self, table: Array) -> tuple[Array, Any]:
        """Weights of the features, and of the intercept."""
        if self._has_intercept:
            return np.ascontiguousarray(table[..., :-1]), table[..., -1]
        return table, 0.0

    def _join(self, weights: Array, intercept: Any) -> Array:
        """One table of what `_split` returns."""
        if not self._has_intercept:
            return weights
        table = np.empty(self._shape)  # a quarter of the time of numpy.concatenate
        table[..., :-1], table[..., -1] = weights, intercept
        return table

    def _table(self, name: str, vector: Array) -> Array:
        """A vector as a table of the problem's shape, in float64."""
        check_array(name, vector)
        expect_shape(name, vector, (self.n_weights,), "(n_weights,) of this objective")
        # Compiled code takes only what can be written, in order, without compiling once more.
        return np.require(vector, np.float64, ("C", "A", "W")).reshape(self._shape)

    def _penalised(self, table: Array) -> Array:
        """A copy of the weights with 0 for the intercepts, which no penalty applies to."""
        penalised = table.copy()
        if self._has_intercept:
            penalised[..., -1] = 0
        return penalised

    def zero_weights(self) -> Array:
        """Weights to start from."""
        return np.zeros(self.n_weights)

    def __call__(self, weights: Array) -> tuple[float, Array]:
        """Loss and gradient at a vector of weights."""
        table = self._table("weights", weights)
        loss, gradient = self._loss_gradient(table)
        if self._l2:
            penalised = self._penalised(table)
            loss += 0.5 * self._l2 * float(np.vdot(penalised, penalised))
            gradient = gradient + self._l2 * penalised
        return loss, np.asarray(gradient, np.float64).ravel()

    def loss(self, weights: Array) -> float:
        """The loss at a vector of weights."""
        return self(weights)[0]

    def gradient(self, weights: Array) -> Array:
        """The gradient at a vector of weights."""
        return self(weights)[1]

    def hessian_vector(self, weights: Array, v: Array) -> Array:
        """The Hessian at a vector of weights, times a vector; for ``hessp`` of scipy's newton-cg.

        X is read once for new weights and once for each product, and never copied.

        Raises
        ------
        Unfit
            If the implementation has no ``make_hessian``.
        """
        self._check_hessian()
        table, direction = self._table("weights", weights), self._table("v", v)
        product = self._join(*self._hessian_at(table)(*self._split(direction)))
        return np.asarray(product + self._l2 * self._penalised(direction)).ravel()

    def hessian(self, weights: Array) -> Array:
        """The Hessian at a vector of weights, (n_weights, n_weights).

        For ``hess`` of scipy's trust-exact, a step of Newton's method, or the errors of a fit: its
        inverse is the covariance of a maximum-likelihood estimate. It costs `n_weights` times as
        many operations as a product, by BLAS where the problem has one number per sample.

        Raises
        ------
        Unfit
            As `hessian_vector`.
        """
        self._check_hessian()
        table = self._table("weights", weights)
        matrix = getattr(self._hessian_at(table), "matrix", lambda: None)()
        if matrix is None:
            unit = np.eye(self.n_weights)
            return np.array([self.hessian_vector(weights, v) for v in unit])
        matrix = matrix[: self.n_weights, : self.n_weights]
        penalty = self._l2 * self._penalised(np.ones(self._shape)).ravel()
        return np.asarray(matrix + np.diag(penalty))

    def _check_hessian(self) -> None:
        if "make_hessian" not in self._parts:
            raise Unfit(
                f"{self._name} has no make_hessian; take an implementation that has, such as fused"
            )

    def _hessian_at(self, table: Array) -> Callable[..., Any]:
        known = self._hessian  # read once: another thread may replace it
        if known is None or not np.array_equal(known[0], table):
            known = self._hessian = table.copy(), self._make_hessian(table)
        return known[1]

    def _make_hessian(self, table: Array) -> Callable[..., Any]:
        weights, intercept = self._split(table)
        make = self._parts["make_hessian"]
        product: Callable[..., Any] = make(weights, *self._prepared, self._sample_weight, intercept)
        return product


def _with_ones(implementation: Implementation, X: Array, n_samples: int) -> Array:
    """X with a column of ones, whose weight is the intercept."""
    if implementation.takes_rows:
        raise Unfit(
            f"{implementation.name} adds no intercept, because its kernel has no evaluate; take a "
            "kernel that has, such as fused, or store a column of ones"
        )
    return np.column_stack([X, np.ones(n_samples)])


def _check_l2(l2: Any) -> float:
    if not isinstance(l2, Real):
        raise TypeError(f"l2 is {told(l2)}, expected a number from 0 on")
    value = as_float(l2)
    if not 0 <= value < np.inf:
        raise ValueError(f"l2 is {told(l2)}, expected a number from 0 on")
    return value


def _check_fit_intercept(fit_intercept: Any) -> bool:
    if not isinstance(fit_intercept, bool | np.bool_):
        raise TypeError(f"fit_intercept is {told(fit_intercept)}, expected True or False")
    return bool(fit_intercept)


def _check_sample_weight(
    sample_weight: Any, n_samples: int, implementation: Implementation
) -> Array | None:
    if sample_weight is None:
        return None
    if "evaluate" not in implementation.parts:
        raise Unfit(
            f"{implementation.name} takes no sample_weight, because it has no evaluate; take an "
            "implementation that has, such as fused"
        )
    check_array("sample_weight", sample_weight)
    expect_shape("sample_weight", sample_weight, (n_samples,), "(n_samples,) of X")
    right = (sample_weight >= 0) & (sample_weight < np.inf)
    if not right.all():
        first = int(np.argmin(right))
        raise ValueError(
            f"sample_weight[{first}] is {sample_weight[first]}, expected a finite number from 0 on"
        )
    weights: Array = as_float64(sample_weight)
    if implementation.options.get("BYTES_PER_VALUE") in (2, 4):
        check_fits(weights, np.float32, "sample_weight")
    return weights
