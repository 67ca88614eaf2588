"""What asv's server does once, before it forks a process for each cell.

Importing numba and filling its tables of types takes a second, its cached code 40 ms. Cells whose
process's memory is measured must start without it: who runs them leaves GRADMARK_WARM unset. To
find out what the cells depend on takes 0.3 s.
"""

import importlib
import os

from benchmarks import _provenance


def warm_up() -> None:
    """Record the state of a run, and compile nothing much if GRADMARK_WARM asks.

    Starts no threads, which no fork keeps.
    """
    if os.environ.get("ASV_COMMIT"):
        _provenance.record()
    if os.environ.get("GRADMARK_WARM") == "numba":
        numba = importlib.import_module("numba")
        numba.njit(_nothing)()


def _nothing() -> None:
    pass
