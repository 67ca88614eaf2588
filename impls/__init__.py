"""Gradient kernels under test and the plug-in table that finds them.

A problem is a folder here (``logistic``); an implementation is a module in it whose name has no
leading underscore, or an installed package's entry point in the group ``gradmark.<problem>``. The
file is the registration: there is nothing else to edit. `impls._table` lists what a module holds.

>>> import impls
>>> "matrix" in impls.names("logistic")
True
>>> weights, X, y = impls.make("logistic", n_samples=1000, n_features=100)
>>> implementation = impls.load("logistic", "matrix")
>>> X, y = implementation.prepare(X, y)
>>> implementation.gradient(weights, X, y).shape
(100,)

`set_threads` limits the threads of all libraries that are loaded, and `one_blas_thread` those of
BLAS while an optimiser runs. The implementations in one pass use one thread below a size of X that
depends on the processor; GRADMARK_THREADS_PAY_FROM sets it, in bytes.

Listing imports no implementation, so that a process pays in time and memory only for the one
that it measures.
"""

from impls._accuracy import reference, relative_error
from impls._blocks.files import open_rows
from impls._data import dataset, datasets, make
from impls._errors import (
    BadPlugin,
    Diverged,
    TableError,
    Unavailable,
    Unfit,
    UnknownName,
    WorkerLost,
)
from impls._machine import one_blas_thread, set_threads
from impls._objective import Objective, objective
from impls._solve import Solution, solve
from impls._table import Implementation, load, names, problems

__all__ = [
    "BadPlugin",
    "Diverged",
    "Implementation",
    "Objective",
    "Solution",
    "TableError",
    "Unavailable",
    "Unfit",
    "UnknownName",
    "WorkerLost",
    "dataset",
    "datasets",
    "load",
    "make",
    "names",
    "objective",
    "one_blas_thread",
    "open_rows",
    "problems",
    "reference",
    "relative_error",
    "set_threads",
    "solve",
]
