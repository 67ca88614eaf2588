"""Raises a BaseException of its own in gradient."""


class Ending(BaseException):
    """No Exception."""


def gradient(weights, X, y):
    raise Ending("in gradient")
    return (X @ weights - y) @ X / len(X)
