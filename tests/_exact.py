"""Multiple precision for tests: gradients written from their formulas, and the error against them.

Nothing here is shared with `impls.reference`, which is itself compared with it.
"""

import mpmath
import numpy as np

mp = mpmath.MPContext()
mp.dps = 60
# Added to the unit of the error where a sigmoid may be smaller, because float32 rounds that to 0.
TINY = mp.mpf(2) ** -126

# Error of each sample's residual, whatever its size, by implementation. oneDAL lets no sigmoid, and
# no probability of two classes, come closer to 0 or 1 than 1e-15; a tenth more is for rounding.
RESIDUAL_ERRORS = {("logistic", "onedal"): 1.1e-15, ("softmax", "onedal"): 1.1e-15}


def to_mp(values) -> list:
    """The numbers of a vector of any real type, without rounding."""
    ratios = [number.as_integer_ratio() for number in np.asarray(values, dtype=np.longdouble)]
    return [mp.mpf(numerator) / denominator for numerator, denominator in ratios]


def sigmoid(z):
    return 1 / (1 + mp.exp(-z))


def add_up(weights, X, y, term) -> tuple[list, list]:
    """Sums over the samples of ``term * x`` and of ``unit * |x|``, a value per feature.

    `term` is called with a sample's ``<w, x>``, its label and ``sum |w x|``, and returns both.
    """
    weights = to_mp(weights)
    magnitudes = [abs(weight) for weight in weights]
    gradient = [mp.mpf(0)] * len(weights)
    terms = list(gradient)
    for row, label in zip(map(to_mp, X), to_mp(y), strict=True):
        sizes = [abs(x) for x in row]
        factor, unit = term(mp.fdot(weights, row), label, mp.fdot(magnitudes, sizes))
        gradient = [total + factor * x for total, x in zip(gradient, row, strict=True)]
        terms = [total + unit * x for total, x in zip(terms, sizes, strict=True)]
    return gradient, terms


def largest_error(actual, gradient, terms) -> float:
    """Largest error of a component of `actual`, relative to the sum of its absolute terms."""
    assert isinstance(actual, np.ndarray)
    assert actual.shape == (len(gradient),)
    assert np.all(np.isfinite(actual)), actual
    largest = 0.0
    for number, wanted, unit in zip(to_mp(actual), gradient, terms, strict=True):
        if number != wanted:
            largest = max(largest, float(abs(number - wanted) / unit) if unit else np.inf)
    return largest


def rounding_bound(weights, X, dtype) -> float:
    """Largest error that rounding in `dtype` can cause, in any order of additions.

    To first order, in units of half the last place: d for the d products and additions of
    ``<w, x>``; n for adding n terms; for a matrix of weights, as many as it has rows for adding
    them up; some 20 for the functions in between, the residual and the product.
    """
    n_samples, n_features = X.shape
    n_rows = weights.size // n_features
    return (n_samples + n_features + n_rows + 20) * float(np.finfo(dtype).eps) / 2


def bound(implementation, weights, X) -> float:
    """RTOL of an implementation if it states one, otherwise the bound of float64 rounding."""
    if "RTOL" in implementation.options:
        return implementation.rtol
    return min(implementation.rtol, rounding_bound(weights, X, np.float64))


def stored_type(implementation):
    """Type of the prepared X; levels are computed in float64."""
    n_bytes = implementation.options.get("BYTES_PER_VALUE", 8)
    return {8: np.float64, 4: np.float32, 2: np.float16}.get(n_bytes, np.float64)


def residual_error(implementation) -> float:
    """Error of each sample's residual that its library makes; XLA flushes subnormals to 0."""
    if implementation.options.get("PEER") == "JAX":
        return float(np.finfo(stored_type(implementation)).tiny)
    return RESIDUAL_ERRORS.get((implementation.problem, implementation.name), 0.0)
