"""Mini-batch gradient descent: every update uses the next batch of samples in a random order.

Source: the gradient-descent text, "batch random gradient descent", and the softmax text's training
loop. That loop drops the samples after the last whole batch; here they form a smaller batch.
"""

from impls._errors import told

SHUFFLES = True
_USUAL = 32


def choose_batch_size(n_samples: int, batch_size: int | None) -> int:
    """The caller's choice, or 32; at most all samples."""
    if batch_size is None:
        return min(_USUAL, n_samples)
    if not 1 <= batch_size <= n_samples:
        raise ValueError(
            f"batch_size is {told(batch_size)}, expected 1 to {n_samples} (n_samples of X)"
        )
    return int(batch_size)
