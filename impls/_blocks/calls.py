"""The functions of an implementation whose prepared X knows its kernel and how to add blocks."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from impls._blocks.sums import Work

Array = np.ndarray[Any, Any]


def gradient(weights: Array, X: Any, y: Any) -> Array:
    """Gradient of all rows."""
    result: Array = X.compute(Work(X.kernel, "gradient", weights))[0]
    return result


def loss_gradient(weights: Array, X: Any, y: Any) -> tuple[float, Array]:
    """Loss and gradient of all rows."""
    loss, gradient = X.compute(Work(X.kernel, "loss_gradient", weights))
    return float(loss), gradient


def evaluate(
    weights: Array, X: Any, y: Any, sample_weight: Array | None = None, intercept: Any = 0.0
) -> tuple[float, Array, Any]:
    """Loss, gradient and the intercept's gradient of all rows."""
    work = Work(X.kernel, "evaluate", weights, intercept)
    loss, gradient, slope = X.compute(work, sample_weight)
    return float(loss), gradient, slope


def make_hessian(
    weights: Array, X: Any, y: Any, sample_weight: Array | None = None, intercept: Any = 0.0
) -> Callable[..., Any]:
    """The Hessian, as a function that reads all rows and computes their curvatures each time."""
    weights = weights.copy()

    def product(v: Array, v_intercept: Any = 0.0) -> Any:
        work = Work(X.kernel, "make_hessian", weights, intercept, (v, v_intercept))
        return X.compute(work, sample_weight)

    return product
