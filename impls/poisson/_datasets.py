"""Real data for the Poisson problem: each function is a data set, its name the function's.

Bundled with scikit-learn; features standardised (mean 0, variance 1; a constant feature becomes 0)
behind an intercept column of ones. Weights are seeded.
"""

import numpy as np

from impls._numerics import standardise

_BLOCK = 8 * 3 + 4  # row and column in the middle of the 8 x 8 blocks


def digits_block():
    """Dark pixels of one block of a digit: 1,797 images, the other 63 blocks and the intercept.

    scikit-learn's digits were 32 x 32 black and white pixels; a feature is the count of those of a
    block of 4 x 4 that are dark, 0 to 16.
    """
    from sklearn.datasets import load_digits

    counts, _ = load_digits(return_X_y=True)
    X = standardise(np.delete(counts, _BLOCK, axis=1))
    weights = np.random.default_rng(0).standard_normal(X.shape[1]) / np.sqrt(X.shape[1])
    return weights, X, counts[:, _BLOCK].astype(np.float64)
