"""The functions of an implementation in one pass, made from a problem's terms."""

import ctypes
import threading
from typing import NamedTuple

import numpy as np

from impls._onepass.arrays import aligned, blocks, product
from impls._onepass.entries import MOST_SHARES, NotCompiled
from impls._onepass.terms import SUMS_LENGTH, Made, Terms
from impls._onepass.threads import (
    ALONE_VALUES,
    add_alone,
    compute,
    ready,
    threads_pay_from,
)


class Kernel(NamedTuple):
    """What a file of an implementation takes over under these names.

    Attributes
    ----------
    prepare : callable
        ``prepare(X, y)``: X and y as the gradient needs them; compiles the code.
    gradient : callable
        ``gradient(weights, X, y)``: ``X^T r(X w, y)`` in one pass, or its mean.
    loss_gradient : callable
        ``loss_gradient(weights, X, y)``: the loss and the gradient in the same pass.
    evaluate : callable
        ``evaluate(weights, X, y, sample_weight, intercept)``: the loss, the gradient and the sum of
        the residuals, which is the intercept's gradient, of samples with weights.
    make_hessian : callable
        ``make_hessian(weights, X, y, sample_weight, intercept)``: a `Hessian`, which is a function
        of a vector and its intercept's number that returns the Hessian times both.
    """

    prepare: object
    gradient: object
    loss_gradient: object
    evaluate: object
    make_hessian: object


def make_kernel(terms, store=None, dtype=np.float64):
    """Make the functions of an implementation.

    Parameters
    ----------
    terms : Terms
    store : callable, optional
        ``store(X)``: X in float64, in float32 or stored as in `storage`; default: as it is.
    dtype : dtype
        Type that rows are computed in: float64 or float32.
    """

    def prepare(X, y):
        return ready(terms, X if store is None else store(X), y.astype(dtype, copy=False))

    def loss_gradient(weights, X, y):
        return _evaluate(terms, weights, X, y, None, 0.0)[:2]

    def evaluate(weights, X, y, sample_weight=None, intercept=0.0):
        return _evaluate(terms, weights, X, y, sample_weight, intercept)

    def make_hessian(weights, X, y, sample_weight=None, intercept=0.0):
        z = product(X, weights) if isinstance(X, np.ndarray) else X @ weights
        curvature = terms.curvature(z + intercept, y)
        if sample_weight is not None:
            curvature = curvature * sample_weight
        return Hessian(curvature, X, y, terms.is_mean)

    if terms.curvature is None:
        make_hessian = None
    return Kernel(prepare, _make_gradient(terms), loss_gradient, evaluate, make_hessian)


def _slope_of_square(z, y):
    return z


# The terms of ``z^2 / 2``, by whether they are those of a mean.
_SQUARE = {is_mean: Terms(_slope_of_square, is_mean=is_mean) for is_mean in (False, True)}


class Hessian:
    """``X^T C X``, with the samples' curvatures on the diagonal of C, or its mean.

    The intercept is a feature of ones after the others.
    """

    def __init__(self, curvature, X, y, is_mean):
        self._curvature, self._X, self._y, self._is_mean = curvature, X, y, is_mean

    def __call__(self, v, v_intercept=0.0):
        """Times a vector and its intercept's number: the gradient of ``z^2 / 2``, in one pass."""
        terms = _SQUARE[self._is_mean]
        return _evaluate(terms, v, self._X, self._y, self._curvature, v_intercept)[1:]

    def matrix(self):
        """All of it, in float64, by BLAS; None if X is no array."""
        X, n_features = self._X, self._X.shape[1]
        if not isinstance(X, np.ndarray):
            return None
        total = np.zeros((n_features + 1, n_features + 1))
        for rows in blocks(X):
            block = X[rows].astype(np.float64, copy=False)
            weighted = block.T * self._curvature[rows]
            total[:-1, :-1] += weighted @ block
            total[-1, :-1] += weighted.sum(axis=1)
        total[:-1, -1], total[-1, -1] = total[-1, :-1], self._curvature.sum()
        return total / len(X) if self._is_mean else total


class _Room(threading.local):
    """Sums of losses and residuals, and the calls that point at them, of one Python thread."""

    def __init__(self):
        self.sums = aligned((MOST_SHARES, SUMS_LENGTH), np.float64)
        address = self.sums.ctypes.data
        self.calls = Made(lambda key: key[0].call(key[1], sums=address))


_room = _Room()


def _evaluate(terms, weights, X, y, sample_weight, intercept):
    """Loss, gradient and the sum of the residuals."""
    call, sums = _room.calls[terms, y.itemsize], _room.sums
    if sample_weight is not None:
        sample_weight = np.ascontiguousarray(sample_weight, y.dtype)
    call.sample_weight = 0 if sample_weight is None else sample_weight.ctypes.data
    call.intercept = intercept
    sums.fill(0)
    gradient = compute(ctypes.addressof(call), weights, X, y)
    return sums.item(0), gradient, sums.item(1)


def _make_gradient(terms):
    """Make the gradient, with as few steps in Python as possible: they cost as much as 10 rows."""
    addresses = terms.addresses

    def gradient(weights, X, y):
        n_bytes = y.itemsize
        # Bytes as computed: values that are stored in fewer take as long.
        if X.size > ALONE_VALUES and X.size * n_bytes >= threads_pay_from():
            return compute(addresses[n_bytes], weights, X, y)
        result = np.empty(len(weights))  # half the cost of an array that numba returns
        try:
            add_alone(addresses[n_bytes], weights, X, y, result)
        except NotCompiled:  # which `compute` knows what to do about
            return compute(addresses[n_bytes], weights, X, y)
        return result

    return gradient
