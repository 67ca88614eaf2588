"""Raises a BaseException of its own at import."""


class Ending(BaseException):
    """No Exception."""


raise Ending("at import")


def gradient(weights, X, y):
    return (X @ weights - y) @ X / len(X)
