"""Solvers: gradient descent with any implementation's kernel. Each file here is a solver.

Every update is ``weights -= step * gradient(weights, X_batch, y_batch)``. The gradient is the
problem's own, a sum or a mean over the batch. Solvers differ in the samples of a batch. A solver is
a module with a docstring and these names:

===================================  ===========================================================
``SHUFFLES``                         whether each epoch takes the samples in a new random order
``choose_batch_size(n_samples, b)``  samples per update; b is the caller's choice, or None
===================================  ===========================================================
"""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

from impls._table import check_name

_FOLDER = Path(__file__).parent


def names() -> tuple[str, ...]:
    """Names of the solvers, sorted."""
    return tuple(sorted(path.stem for path in _FOLDER.glob("[!_]*.py")))


def load(name: str) -> Any:
    """Module of one solver.

    Raises
    ------
    UnknownName
        If there is no such solver.
    """
    check_name("solver", name, names())
    return importlib.import_module(f"impls.solvers.{name}")
