"""What asv's server does once, before it forks a process for each cell.

Importing numba and filling its tables of types takes a second, its cached code 40 ms. Cells whose
process's memory is measured must start without it: who runs them leaves GRADMARK_WARM unset.
"""

import importlib
import os


def warm_up() -> None:
    """Compile nothing much, if GRADMARK_WARM asks; starts no threads, which no fork keeps."""
    if os.environ.get("GRADMARK_WARM") == "numba":
        numba = importlib.import_module("numba")
        numba.njit(_nothing)()


def _nothing() -> None:
    pass
