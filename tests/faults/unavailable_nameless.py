"""Says that it is unavailable with a reason whose text cannot be had."""

from impls import Unavailable


class Nameless:
    """Its text cannot be had."""

    def __str__(self):
        raise RuntimeError("no text")

    __repr__ = __str__


def prepare(X, y):
    raise Unavailable(Nameless())


def gradient(weights, X, y):
    return (X @ weights - y) @ X / len(X)
