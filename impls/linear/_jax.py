"""The loss in JAX, a function of the predictions."""

import jax.numpy as jnp


def loss(z, y):
    return jnp.square(z - y).mean() / 2
