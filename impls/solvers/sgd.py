"""Stochastic gradient descent: every update uses one sample; n_samples updates per epoch.

Source: the gradient-descent text, "random gradient descent method".
"""

from impls._errors import told

SHUFFLES = True


def choose_batch_size(n_samples: int, batch_size: int | None) -> int:
    """One sample."""
    if batch_size not in (None, 1):
        raise ValueError(
            f"batch_size is {told(batch_size)}, but sgd takes 1 sample for an update; leave it "
            "out, or take the solver minibatch"
        )
    return 1
