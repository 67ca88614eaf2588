"""Limits of a training: a stable step and the least loss."""

from __future__ import annotations

from typing import Any

import numpy as np

from impls._checks import as_float64
from impls._table import load, problem_part

Array = np.ndarray[Any, Any]


def stable_step(problem: str, X: Array, batch_size: int) -> float:
    """A step 1 / L_b for which training with batches of this size descends and does not diverge.

    ``L_b = n (b - 1) / (b (n - 1)) L + (n - b) / (b (n - 1)) L_max`` is the expected smoothness of
    a batch of b samples drawn without replacement from n (Gower et al., "SGD: General Analysis and
    Improved Rates", 2019). L is the largest curvature of the mean loss, L_max that of one sample's
    loss. Both follow from the problem's CURVATURE, the largest second derivative of a sample's loss
    with respect to ``<w, x>``. If the gradient is a sum and not a mean, the step is divided by b.

    Raises
    ------
    ValueError
        If all of X is 0, so that the loss does not depend on the weights.
    """
    n_samples, X = len(X), as_float64(X)  # squares of 8 bits do not fit in 8 bits
    largest = float(np.linalg.eigvalsh(X.T @ X)[-1]) / n_samples
    longest = float(np.einsum("ij,ij->i", X, X).max())
    if longest == 0:
        raise ValueError("all of X is 0: no weights make a difference to the loss")
    together = (batch_size - 1) / max(1, n_samples - 1) * n_samples / batch_size
    alone = (n_samples - batch_size) / max(1, n_samples - 1) / batch_size
    if n_samples == 1:
        together = 1.0
    curvature = problem_part(problem, "CURVATURE") * (together * largest + alone * longest)
    return float(1 / (curvature * (1 if problem_part(problem, "AVERAGED") else batch_size)))


def find_optimum(problem: str, X: Array, y: Array) -> float:
    """Least loss, found by scipy's L-BFGS with the ``matrix`` gradient, starting at zero weights.

    For a problem that is not convex, this is a local minimum.

    Raises
    ------
    RuntimeError
        If L-BFGS has not converged after 5,000 iterations.
    """
    from scipy.optimize import minimize

    loss = problem_part(problem, "loss")
    implementation = load(problem, "matrix")
    X_prepared, y_prepared = implementation.prepare(X, y)
    zeros = problem_part(problem, "zero_weights")(X, y)

    def loss_and_gradient(flat: Array) -> tuple[float, Array]:
        weights = flat.reshape(zeros.shape)
        gradient = implementation.kernel(weights, X_prepared, y_prepared)
        return float(loss(weights, X, y)), as_float64(gradient).ravel()

    # The target of a training is within 1 % of this loss; 1e-12 is far below that.
    options = {"maxiter": 5000, "maxfun": 10_000, "ftol": 1e-12, "gtol": 1e-9}
    found = minimize(loss_and_gradient, zeros.ravel(), jac=True, method="L-BFGS-B", options=options)
    if found.status == 1:  # status 2: the line search ended at rounding, near the optimum
        raise RuntimeError(f"no optimum of {problem} in {found.nit:,} iterations: {found.message}")
    return float(found.fun)
