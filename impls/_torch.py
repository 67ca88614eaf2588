"""PyTorch's own derivative of a loss, and arrays as its tensors."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from impls._prepare import as_rows, as_single

Array = np.ndarray[Any, Any]


def make_kernel(
    loss: Callable[[Any, Any], Any], dtype: Any = np.float64
) -> tuple[Callable[[Array, Array], tuple[Any, ...]], Callable[[Array, Any, Any], Array]]:
    """``prepare`` and ``gradient`` of ``loss(X @ weights.T, y)`` in a precision.

    Parameters
    ----------
    loss : callable
        In PyTorch's operations; it returns a number.
    dtype : dtype
        float64 or float32.
    """
    cast = as_rows if np.dtype(dtype) == np.float64 else as_single

    def prepare(X: Array, y: Array) -> tuple[Any, ...]:
        return as_tensors(*cast(X, y))

    def whole(weights: Any, X: Any, y: Any) -> Any:
        return loss(torch.nn.functional.linear(X, weights), y)

    def gradient(weights: Array, X: Any, y: Any) -> Array:
        return slope(whole, weights.astype(dtype), X, y)

    return prepare, gradient


def slope(loss: Callable[[Any, Any, Any], Any], weights: Array, X: Any, y: Any) -> Array:
    """Derivative of ``loss(weights, X, y)`` by the weights, an array that is given away."""
    leaf = torch.from_numpy(weights).requires_grad_()
    (found,) = torch.autograd.grad(loss(leaf, X, y), leaf)
    gradient: Array = found.numpy()
    return gradient


def as_tensors(*arrays: Array) -> tuple[Any, ...]:
    """Tensors that share the arrays' memory; of a read-only one PyTorch warns that it is."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return tuple(map(torch.from_numpy, arrays))
