"""scikit-learn's own gradient of a generalised linear model, the one that its solvers call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sklearn.linear_model._linear_loss import LinearModelLoss
from sklearn.utils._openmp_helpers import _openmp_effective_n_threads


def make_gradient(loss: Any) -> Callable[[Any, Any, Any], Any]:
    """``gradient(weights, X, y)`` of a loss: the mean, without an intercept and a penalty."""
    model = LinearModelLoss(loss, fit_intercept=False)

    def gradient(weights: Any, X: Any, y: Any) -> Any:
        # The limit in force. LogisticRegression itself leaves the residuals on one thread.
        n_threads = _openmp_effective_n_threads(only_physical_cores=False)
        return model.gradient(weights, X, y, n_threads=n_threads)

    return gradient
