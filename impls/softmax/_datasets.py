"""Real data for the softmax problem: each function is a data set, its name the function's.

Pixels are scaled to [0, 1] behind an intercept column of ones. Weights are seeded.
"""

import numpy as np


def digits():
    """Which digit: 1,797 images of 8 x 8 pixels and the intercept; bundled with scikit-learn."""
    from sklearn.datasets import load_digits

    pixels, digit = load_digits(return_X_y=True)
    X = np.column_stack([np.ones(len(pixels)), pixels / 16])  # pixels are 0 to 16
    weights = np.random.default_rng(0).standard_normal((10, X.shape[1])) / np.sqrt(X.shape[1])
    return weights, np.ascontiguousarray(X), digit.astype(np.intp)
