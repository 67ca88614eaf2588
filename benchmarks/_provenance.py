"""Record the state in which the cells of this process are measured, once, before asv forks.

`impls._provenance` says what a state is. Each state is stored in a file, and the journal names the
state of each cell.
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
    """Store the state of this process in `FOLDER` and return its digest."""
    packages = Path(impls.__file__).parent, Path(__file__).parent
    plugins = os.environ.get("GRADMARK_PLUGINS", "").split()
    state = _provenance.collect(_provenance.find_sources(*packages, plugins))
    _provenance.save(state, FOLDER)
    return state.digest
