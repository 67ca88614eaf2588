"""Mini-batch gradient descent: every update takes the next few samples of a random order.

Source: the gradient-descent text, "batch random gradient descent"; the softmax text's training
loop, which drops the samples after the last whole batch: here they make a smaller batch.
"""

SHUFFLES = True
_USUAL = 32


def choose_batch_size(n_samples: int, batch_size: int | None) -> int:
    """What was asked for, else 32."""
    if batch_size is None:
        return min(_USUAL, n_samples)
    if not 1 <= batch_size <= n_samples:
        raise ValueError(f"batch_size is {batch_size}, expected 1 to {n_samples} (n_samples of X)")
    return int(batch_size)
