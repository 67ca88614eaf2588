"""The gradient of oneDAL's objective functions, with which scikit-learn-intelex trains."""

from __future__ import annotations

from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

# What every objective is asked for: a mean without an intercept; penalties are 0 by default.
plain = {"interceptFlag": False, "resultsToCompute": "gradient"}


def mean_gradient(objective: Any, weights: Array, X: Array, y: Array, *more: None) -> Array:
    """Gradient of an objective, in the shape of the weights.

    Parameters
    ----------
    objective : object of daal4py
        It is made for the samples of X, and holds X until its next call.
    weights : ndarray
        (n_features,) or, for classes, a row of them for each.
    X, y : ndarray
        (n_samples, n_features) and (n_samples,), both in C order.
    more : None
        Further inputs that the objective has and that are left out.
    """
    argument = np.zeros((*weights.shape[:-1], X.shape[1] + 1))  # the intercept stands in front
    argument[..., 1:] = weights
    found = objective.compute(X, y[:, np.newaxis], argument.reshape(-1, 1), *more).gradientIdx
    # A copy: the next call writes its result to the same memory.
    result: Array = found.reshape(argument.shape)[..., 1:].copy()
    return result
