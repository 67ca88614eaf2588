"""In which state the cells of this process are measured: recorded once, before asv forks.

`impls._provenance` says what a state is. A file per state holds it; the journal names the state of
each cell.
"""

from __future__ import annotations

import functools
import os
from pathlib import Path

import impls
from impls import _provenance

FOLDER = Path(__file__).resolve().parent.parent / ".asv" / "provenance"


@functools.cache
def record() -> str:
    """Keep the state of this process in `FOLDER`, if it is not there, and return its digest."""
    packages = Path(impls.__file__).parent, Path(__file__).parent
    plugins = os.environ.get("GRADMARK_PLUGINS", "").split()
    state = _provenance.collect(_provenance.find_sources(*packages, plugins))
    _provenance.save(state, FOLDER)
    return state.digest
