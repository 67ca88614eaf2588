"""Kernels in one pass over X for a residual of your own.

A residual is the derivative of a sample's loss by its inner product z with the weights, written in
NumPy's operators and functions; a module of a package makes an implementation of it, which an entry
point in the group ``gradmark.<problem>`` adds to the table:

>>> import numpy as np
>>> from impls.onepass import Terms, make_kernel
>>> def residual(z, y):  # Huber's loss: as least squares near y, as absolute errors far from it
...     return np.where(np.abs(z - y) <= 1, z - y, np.sign(z - y))
>>> def loss(z, y):
...     distance = np.abs(z - y)
...     return np.where(distance <= 1, 0.5 * np.square(distance), distance - 0.5)
>>> prepare, gradient, loss_gradient, evaluate, _ = make_kernel(Terms(residual, loss, is_mean=True))
>>> X, y = prepare(np.eye(3), np.array([0.5, -2.0, 4.0]))
>>> gradient(np.zeros(3), X, y) * 3
array([-0.5,  1. , -1. ])

A formula may have ``+ - * /``, comparisons, ``& |``, ``np.abs``, ``np.exp``, ``np.maximum``,
``np.minimum``, ``np.sign``, ``np.sqrt``, ``np.square``, ``np.where`` and ``np.log1p`` of numbers in
[0, 1], and constants. It chooses by ``np.where``, never by ``if``. Both sides of a choice are
computed, so that each must be finite or harmless everywhere.
"""

from impls._onepass.kernel import Kernel, make_kernel
from impls._onepass.storage import as_levels, smallest
from impls._onepass.terms import Terms
from impls._prepare import single_rows as as_singles

__all__ = ["Kernel", "Terms", "as_levels", "as_singles", "make_kernel", "smallest"]
