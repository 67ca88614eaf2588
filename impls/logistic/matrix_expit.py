"""Two matrix-vector products around SciPy's sigmoid, one function call instead of three.

Passes over X: 2. Temporaries: up to 2 vectors of n values at a time.
Order of additions: BLAS's.
Source: the answer of the logistic-gradient text, with scipy.special.expit.
"""

from scipy.special import expit

PASSES = 2
REQUIRES = "scipy"


def gradient(weights, X, y):
    return (expit(X @ weights) - y) @ X
