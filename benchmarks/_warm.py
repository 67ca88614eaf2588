"""What asv's server does once, before it forks a process for each cell.

Importing numba and filling its type tables takes a second, loading cached code 40 ms, and finding
what the cells depend on 0.3 s. Cells that measure the memory of their process must start without
numba: leave GRADMARK_WARM unset for them.
"""

import importlib
import os

from benchmarks import _provenance


def warm_up() -> None:
    """Record the state of a run and, if GRADMARK_WARM says so, compile an empty function.

    Starts no threads: they would not survive the fork.
    """
    if os.environ.get("ASV_COMMIT"):
        _provenance.record()
    if os.environ.get("GRADMARK_WARM") == "numba":
        numba = importlib.import_module("numba")
        numba.njit(_nothing)()


def _nothing() -> None:
    pass
