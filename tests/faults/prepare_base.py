"""Raises a BaseException of its own in prepare."""


class Ending(BaseException):
    """No Exception."""


def prepare(X, y):
    raise Ending("in prepare")


def gradient(weights, X, y):
    return (X @ weights - y) @ X / len(X)
