"""The loss in JAX, a function of the inner products."""

import jax
import jax.numpy as jnp


def loss(z, y):
    """Half the summed squared error.

    The layer is the exponential of its logarithm: JAX's derivative of a sigmoid s is s (1 - s), a
    difference that is 0 where s rounds to 1; that of ``log_sigmoid`` is the sigmoid of -z.
    """
    return jnp.square(jnp.exp(jax.nn.log_sigmoid(z)) - y).sum() / 2
