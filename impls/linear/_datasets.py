"""Real data for the linear problem: each function is a data set, its name the function's.

Bundled with scikit-learn; features standardised (mean 0, variance 1) behind an intercept column of
ones. Weights are seeded.
"""

import numpy as np

from impls._numerics import standardise


def diabetes():
    """Progression of the disease after a year: 442 patients, 10 measurements and the intercept."""
    from sklearn.datasets import load_diabetes

    X, y = load_diabetes(return_X_y=True)
    X = standardise(X)
    weights = np.random.default_rng(0).standard_normal(X.shape[1]) / np.sqrt(X.shape[1])
    return weights, X, y.astype(np.float64)
