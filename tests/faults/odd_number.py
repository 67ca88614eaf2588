"""Has an RTOL whose comparison raises."""


class Odd(float):
    """It cannot be compared."""

    def __ge__(self, other):
        raise RuntimeError("not compared")

    __le__ = __ge__


RTOL = Odd(1e-12)


def gradient(weights, X, y):
    return (X @ weights - y) @ X / len(X)
