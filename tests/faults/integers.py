"""Returns integers."""


def gradient(weights, X, y):
    return ((X @ weights - y) @ X / len(X)).astype(int)
