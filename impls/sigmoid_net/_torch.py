"""The loss in PyTorch, a function of the inner products."""

from torch.nn.functional import logsigmoid, mse_loss


def loss(z, y):
    """Half the summed squared error.

    The layer is the exponential of its logarithm: PyTorch's derivative of a sigmoid s is s (1 - s),
    a difference that is 0 where s rounds to 1; that of ``logsigmoid`` is the sigmoid of -z.
    """
    return mse_loss(logsigmoid(z).exp(), y, reduction="sum") / 2
