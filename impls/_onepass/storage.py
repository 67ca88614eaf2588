"""X in fewer bytes than float64: 8-bit levels or float32, and which of them holds X exactly."""

import contextlib
import math
from dataclasses import dataclass

import numpy as np

from impls._errors import Unfit
from impls._onepass import limbs
from impls._onepass.arrays import aligned, blocks, product, whole
from impls._onepass.caches import own_cache_bytes
from impls._onepass.threads import compute, own_caches_bytes, ready
from impls._onepass.vectors import LINE_BYTES, masks_levels
from impls._prepare import single_rows

_EPS = np.finfo(np.float64).eps
# Where levels cannot be masked (AVX2): rows are padded to a multiple of so many levels (1.2 to 1.3x
# at 25 to 100 features); and with fewer features than this float32 beats levels, because one
# instruction widens it (float32's time relative to levels': 0.85 at 16 features, 0.65 to 0.85 at 32
# and 48, 1.1 at 64; python -m scripts.race --pixels --contender auto --size 4000000 16, with other
# numbers here).
_VECTOR_LEVELS, _NO_SINGLE_FEATURES = 8, 64
# Largest ratio of a feature's offset to the mean magnitude of its values. Rounding grows by this
# ratio, from some 1e-15 of the terms.
_MOST_SHIFT = 64


@dataclass(frozen=True)
class Levels:
    """X as ``offset + scale * level``, feature by feature, with levels from 0 to 255.

    Attributes
    ----------
    levels : ndarray of uint8
        (n_samples, n_features or more). If any offset is not 0, the column after the features is
        1, so that the same pass gives the sum of the residuals. Columns of 0 pad the rows to whole
        cache lines or vectors.
    scale, offset : ndarray of float64
        (n_features,)
    most_levels : int
        Sum of the features' largest levels, which no row's sum exceeds.
    shifted : bool
        Whether any offset is not 0.
    """

    levels: np.ndarray
    scale: np.ndarray
    offset: np.ndarray
    most_levels: int
    shifted: bool

    @property
    def shape(self):
        """Shape of X."""
        return len(self.levels), len(self.scale)

    @property
    def size(self):
        """Infinite, so that a gradient of even a small X goes to `compute`, which knows levels."""
        return math.inf

    @property
    def nbytes(self):
        """Bytes that a gradient reads."""
        return self.levels.nbytes

    def __array__(self, dtype=None, copy=None):
        """A copy of X, for whatever takes an array."""
        return np.array(self.scale * self._columns + self.offset, dtype)

    def __matmul__(self, weights):
        """``X @ weights``."""
        return product(self._columns, weights * self.scale) + weights @ self.offset

    @property
    def _columns(self):
        return self.levels[:, : len(self.scale)]

    @property
    def _limbs_pay(self):
        """Whether integers pay, and rows fill lines."""
        return self.levels.shape[1] % LINE_BYTES == 0 and limbs.limbs_pay(*self.shape)

    def ready(self, terms, y):
        """X and y in C order; compiles the code for such data."""
        _, y = ready(terms, self.levels, y)
        if self._limbs_pay:
            limbs.ready_limbs(terms.addresses[8], self.levels, y)
        return self, y

    def gradient(self, call, weights, y):
        """Gradient of X, with scale and offset folded into the weights and into the sums."""
        folded = np.zeros(self.levels.shape[1])
        np.multiply(weights, self.scale, out=folded[: len(weights)])
        sums = self._sum(call, folded, weights @ self.offset, y)
        gradient = sums[: len(weights)]
        gradient *= self.scale
        if self.shifted:
            gradient += self.offset * sums[len(weights)]
        return gradient

    def _sum(self, call, folded, shift, y):
        """Sums of the levels times residuals, for inner products ``levels @ folded + shift``."""
        n_used = len(self.scale) + self.shifted
        if self._limbs_pay and (split := limbs.split_weights(folded[:n_used], self.most_levels)):
            return limbs.limbs_gradient(call, *split, shift, self.levels, y, n_used)
        if self.shifted:
            folded[len(self.scale)] = shift
        return compute(call, folded, self.levels, y)


def as_levels(X):
    """X, in float64, float32 or uint8, as 8-bit levels, equal to rounding.

    Raises
    ------
    Unfit
        If a feature has more than 256 values, or they are not evenly spaced.
    """
    with np.errstate(over="ignore", invalid="ignore"):  # values that overflow have no levels
        for unit in (1.0, 1 / 255):
            if _are_levels(X, unit):
                return _store_levels(X, np.full(X.shape[1], unit), np.zeros(X.shape[1]))
        spacings = [_spacing(column, j) for j, column in enumerate(X.T)]
        stored = _store_levels(X, *map(np.array, zip(*spacings, strict=True)))
        _check_levels(X, stored)
        return stored


def _store_levels(X, scale, offset):
    """Levels of an X that has them, by each feature's scale and offset."""
    (n_samples, n_features), shifted = X.shape, bool(offset.any())
    n_columns = whole(n_features + shifted, _row_unit(*X.shape))
    levels = aligned((n_samples, n_columns), np.uint8)
    steps = np.where(scale, scale, 1)
    for rows in blocks(X):
        np.rint((X[rows] - offset) / steps, out=levels[rows, :n_features], casting="unsafe")
    if shifted:
        levels[:, n_features] = 1
    return Levels(levels, scale, offset, int(levels[:, :n_features].max(axis=0).sum()), shifted)


def _row_unit(n_samples, n_features):
    """Levels to whose multiple a row is padded."""
    if limbs.limbs_pay(n_samples, n_features):
        return LINE_BYTES
    return 1 if masks_levels() else _VECTOR_LEVELS


def _check_levels(X, stored):
    """Refuse levels that differ from X by more than rounding of the sum of a feature's values.

    An offset much larger than most values of its feature would cancel in the gradient.
    """
    n_samples, n_features = X.shape
    lost, size = np.zeros(n_features), np.zeros(n_features)
    for rows in blocks(X):
        levels = stored.levels[rows, :n_features]
        values = _in_float64(X[rows])
        lost += np.abs(stored.scale * levels + stored.offset - values).sum(axis=0)
        size += np.abs(values).sum(axis=0)
    shift = n_samples * np.abs(stored.offset)
    right = (lost <= 8 * _EPS * (size + shift)) & (shift <= _MOST_SHIFT * size)
    if not right.all():
        j = int(np.argmin(right))
        raise _no_levels(X[:, j], j)


def _in_float64(values):
    """Values of a block in float64."""
    return values.astype(np.float64, copy=False)


def _are_levels(X, unit):
    """Whether each value of X is an integer from 0 to 255 times the unit, to rounding."""
    for rows in blocks(X):
        values = _in_float64(X[rows])  # in float32, rounding would pass for a level
        levels = np.rint(values / unit)
        same = np.abs(unit * levels - values) <= 2 * _EPS * np.abs(values)
        if not np.all((levels >= 0) & (levels <= 255) & same):
            return False
    return True


def _spacing(column, j):
    """Step between the levels of a feature, and its offset: the end of its range nearer to 0.

    The step is negative where the other end is below.
    """
    values = _in_float64(np.unique(column))
    low, width = values[0], values[-1] - values[0]
    near, far = sorted((low, values[-1]), key=abs)
    if width == 0:
        return 0.0, low
    if len(values) <= 256:
        n_steps = np.arange(1, 256)[:, None]
        steps = (values - low) / width * n_steps
        rounding = 8 * _EPS * n_steps * (1 + np.abs(values).max() / width)
        fits = (np.abs(steps - np.rint(steps)) <= rounding).all(axis=1)
        if fits.any():
            return (far - near) / n_steps[np.argmax(fits), 0], near
    raise _no_levels(column, j)


def _no_levels(column, j):
    return Unfit(
        f"feature {j} of X has {len(np.unique(column))} values from {column.min():.3g} to "
        f"{column.max():.3g}, which are not 256 evenly spaced levels, to rounding; "
        "take an implementation of float64 or float32"
    )


def smallest(X):
    """X in the fewest bytes that hold it exactly if it comes from memory; else in float64.

    X is in float64, float32 or uint8. Levels are not taken where converting them is slower than
    reading float64.
    """
    n_bytes = X.size * np.dtype(np.float64).itemsize
    # One core's cache first: to count the threads starts them.
    if n_bytes <= own_cache_bytes() or n_bytes <= own_caches_bytes():
        return _in_float64(X)
    ways = [_as_exact_levels, _as_exact_single]
    if X.shape[1] < _NO_SINGLE_FEATURES and not masks_levels():
        ways.reverse()
    stored = (way(X) for way in ways)
    return next((smaller for smaller in stored if smaller is not None), X)


def _as_exact_levels(X):
    """X as levels, if it has them and they pay, or None.

    On a Zen 3 with AVX2, levels converted to float64 take 1.1 to 1.3 times as long as float64 where
    memory is fast (python -m scripts.race --pixels --contender fused_uint8 fused --size 4000000
    16).
    """
    if masks_levels() or limbs.limbs_pay(*X.shape):
        with contextlib.suppress(Unfit):
            return as_levels(X)
    return None


def _as_exact_single(X):
    """X in float32 and C order if that loses nothing, or None."""
    if X.dtype == np.float32:
        return single_rows(X)
    single = np.empty(X.shape, np.float32)
    with np.errstate(over="ignore", under="ignore", invalid="ignore"):
        for rows in blocks(X):
            single[rows] = X[rows]
            if not np.array_equal(single[rows], X[rows]):
                return None
    return single
