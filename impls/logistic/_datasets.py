"""Real data for the logistic problem: each function is a data set, its name the function's.

All are bundled with scikit-learn, standardised (mean 0, variance 1 per feature; a constant
feature becomes 0) and get an intercept column of ones in front. Weights are seeded.
"""

import numpy as np

from impls._numerics import standardise


def breast_cancer():
    """Malignant or benign: 569 samples, 30 measurements and the intercept."""
    from sklearn.datasets import load_breast_cancer

    return _prepare(*load_breast_cancer(return_X_y=True))


def digits_even_odd():
    """Even or odd: 1,797 images of 8 x 8 pixels and the intercept; y is 1 for an odd digit."""
    from sklearn.datasets import load_digits

    X, digit = load_digits(return_X_y=True)
    return _prepare(X, digit % 2)


def _prepare(X, y):
    X = standardise(X)
    weights = np.random.default_rng(0).standard_normal(X.shape[1]) / np.sqrt(X.shape[1])
    return weights, X, y.astype(np.float64)
