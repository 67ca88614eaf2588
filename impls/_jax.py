"""Gradients in JAX, compiled by XLA for the processor, and JAX's own derivative of a loss."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import numpy as np

from impls._prepare import as_single, zero_weights

Array = np.ndarray[Any, Any]


def make_kernel(
    function: Callable[[Any, Any, Any], Any], dtype: Any = np.float64
) -> tuple[Callable[[Array, Array], tuple[Any, Any]], Callable[[Array, Any, Any], Array]]:
    """``prepare`` and ``gradient`` of a function of weights, X and y, compiled in a precision.

    XLA flushes numbers below a type's least normal one to 0: 1.2e-38 in float32.

    Parameters
    ----------
    function : callable
        In JAX's operations; it returns the gradient in the shape of the weights.
    dtype : dtype
        float64 or float32.
    """
    compiled = jax.jit(function)
    is_double = np.dtype(dtype) == np.float64

    def prepare(X: Array, y: Array) -> tuple[Any, Any]:
        if is_double:
            # For the whole process, as JAX recommends: to enter a context costs 2 us a call.
            # Arrays of float32 remain what they are.
            jax.config.update("jax_enable_x64", True)
        else:
            X, y = as_single(X, y)
        weights = zero_weights(X, y).astype(dtype)
        processor = jax.devices("cpu")[0]  # a GPU or not
        placed = jax.device_put(X, processor), jax.device_put(y, processor)
        compiled(weights, *placed).block_until_ready()
        return placed

    def gradient(weights: Array, X: Any, y: Any) -> Array:
        return np.asarray(compiled(weights.astype(dtype, copy=False), X, y))

    return prepare, gradient


def slope(loss: Callable[[Any, Any], Any]) -> Callable[[Any, Any, Any], Any]:
    """Derivative by the weights of ``loss(X @ weights.T, y)``, by JAX."""
    derivative: Callable[[Any, Any, Any], Any] = jax.grad(lambda w, X, y: loss(X @ w.T, y))
    return derivative
