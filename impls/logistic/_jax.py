"""The matrix form in JAX."""

import jax


def matrix_form(weights, X, y):
    return (jax.nn.sigmoid(X @ weights) - y) @ X
