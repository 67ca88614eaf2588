"""Gradient descent: every update uses all samples; one update per epoch.

Source: the gradient-descent text, "classic gradient descent method".
"""

SHUFFLES = False  # the order of the samples affects only the rounding of the sum


def choose_batch_size(n_samples: int, batch_size: int | None) -> int:
    """All samples."""
    if batch_size not in (None, n_samples):
        raise ValueError(
            f"batch_size is {batch_size}, but gd takes all {n_samples} samples for an update; "
            "leave it out, or take the solver minibatch"
        )
    return n_samples
