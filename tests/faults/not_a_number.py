"""Returns NaN."""


def gradient(weights, X, y):
    return 0 * ((X @ weights - y) @ X / len(X)) + float("nan")
