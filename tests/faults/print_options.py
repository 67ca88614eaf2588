"""Changes how NumPy prints."""

import numpy as np

np.set_printoptions(threshold=0, formatter={"all": lambda value: "?"})


def gradient(weights, X, y):
    return (X @ weights - y) @ X / len(X)
