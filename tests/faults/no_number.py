"""Has an RTOL that is no number."""

RTOL = float("nan")


def gradient(weights, X, y):
    return (X @ weights - y) @ X / len(X)
