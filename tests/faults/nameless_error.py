"""Raises an error that cannot be shown as text."""


class NamelessError(ValueError):
    """Its text cannot be had."""

    def __str__(self):
        raise RuntimeError("no text either")

    __repr__ = __str__


def gradient(weights, X, y):
    raise NamelessError
    return (X @ weights - y) @ X / len(X)
