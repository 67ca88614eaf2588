"""scikit-learn's own gradient of the logistic loss, the one that its solvers call."""

from sklearn._loss import HalfBinomialLoss
from sklearn.linear_model._linear_loss import LinearModelLoss
from sklearn.utils._openmp_helpers import _openmp_effective_n_threads

_LOSS = LinearModelLoss(HalfBinomialLoss(), fit_intercept=False)


def summed_gradient(weights, X, y):
    """The sum; scikit-learn divides by the number of samples."""
    # The limit in force. LogisticRegression itself leaves the sigmoid on one thread.
    n_threads = _openmp_effective_n_threads(only_physical_cores=False)
    return _LOSS.gradient(weights, X, y, n_threads=n_threads) * X.shape[0]
