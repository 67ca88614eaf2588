"""scikit-learn's own gradient of the logistic loss, the one that its solvers call."""

from sklearn._loss import HalfBinomialLoss

from impls._sklearn import make_gradient

_mean_gradient = make_gradient(HalfBinomialLoss())


def summed_gradient(weights, X, y):
    """The sum; scikit-learn divides by the number of samples."""
    return _mean_gradient(weights, X, y) * X.shape[0]
