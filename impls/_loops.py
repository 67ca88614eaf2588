"""The plain loop over the samples that numba compiles, for problems with one number per sample.

A row is read for its inner product and, still in cache, added to the gradient times its residual.
Each problem hands in its residual; numba compiles the loop around it.
"""

import hashlib
import inspect
from pathlib import Path

import numpy as np
from numba import njit, prange
from numba.extending import register_jitable

# Sums may be reordered, so that they vectorise; infinities and NaN keep their meaning.
FASTMATH = {"reassoc", "contract", "arcp", "nsz"}


def make_serial(residual):
    """``gradient(weights, X, y)`` by one thread: the sum of ``residual(<w, x>, y) x``."""
    residual, source = _compilable(residual)

    @njit(cache=True, nogil=True)
    def add_all(weights, X, y, total):
        _ = source
        _add_rows(residual, weights, X, y, 0, X.shape[0], total)

    def gradient(weights, X, y):
        total = np.zeros(X.shape[1])
        add_all(weights, X, y, total)
        return total

    return gradient


def make_parallel(residual):
    """``sum_shares(weights, X, y, n_shares)``: the same sum, the samples shared out to threads.

    Each thread has a row of sums of its own, padded to whole cache lines and one more, so that no
    two threads write to one line.
    """
    residual, source = _compilable(residual)

    @njit(cache=True, parallel=True)
    def sum_shares(weights, X, y, n_shares):
        _ = source
        n_samples, n_features = X.shape
        totals = np.zeros((n_shares, (n_features + 15) // 8 * 8))
        for share in prange(n_shares):
            start = share * n_samples // n_shares
            stop = (share + 1) * n_samples // n_shares
            _add_rows(residual, weights, X, y, start, stop, totals[share])
        total = totals[0, :n_features]
        for share in range(1, n_shares):  # numba compiles ``sum(axis=0)`` for a second
            for j in range(n_features):
                total[j] += totals[share, j]
        return total.copy()

    return sum_shares


def make_descent(residual):
    """``descend(weights, X, y, n_epochs)``: subtract the sum from `weights`, in place, so often."""
    residual, source = _compilable(residual)

    @njit(cache=True, nogil=True)
    def descend(weights, X, y, n_epochs):
        _ = source
        gradient = np.empty(weights.shape)
        for _epoch in range(n_epochs):
            gradient[:] = 0
            _add_rows(residual, weights, X, y, 0, X.shape[0], gradient)
            weights -= gradient

    return descend


def _compilable(residual):
    """The function for numba to compile, and a digest of its file and of the numbers that it uses.

    numba's cache tells functions of one name apart by the values that they enclose: with the
    digest among them, an edit of the residual is noticed. What it calls must stand in its file.
    """
    used = inspect.getclosurevars(residual).globals
    numbers = {name: value for name, value in used.items() if isinstance(value, int | float)}
    digest = hashlib.sha256(Path(residual.__code__.co_filename).read_bytes())
    digest.update(repr(sorted(numbers.items())).encode())
    return register_jitable(error_model="numpy")(residual), digest.hexdigest()


@register_jitable(error_model="numpy", fastmath=FASTMATH)
def _add_rows(residual, weights, X, y, start, stop, gradient):
    """Add the terms of the samples ``start <= i < stop`` to `gradient`; reads each row once."""
    n_features = X.shape[1]
    for i in range(start, stop):
        z = 0.0
        for j in range(n_features):
            z += weights[j] * X[i, j]
        factor = residual(z, y[i])
        for j in range(n_features):
            gradient[j] += factor * X[i, j]
