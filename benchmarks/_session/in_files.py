"""Whether a contender takes an X that stays in a file, and if not, what does in its place.

The baseline gets the file mapped. So do the kernels that implementations for blocks of rows compute
with, so that what reading in blocks gains is seen beside them.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import impls
from benchmarks._session.measured import BASELINE, TWIN
from impls import _table


def reason_against(problem: str, name: str, info: Mapping[str, Any]) -> str:
    """Why a contender takes no X that stays in a file; empty if it does.

    Parameters
    ----------
    info : mapping
        What the contender says of itself.
    """
    if info.get("kernel") or name in (BASELINE, TWIN):
        return ""
    kernels = kernels_of(problem)
    if name in kernels.values() and not info["copies"]:
        return ""
    others = " and ".join(f"{blocks}:{name}" for blocks in kernels)
    return (
        f"X is in a file: {others} compute with it on blocks of rows"
        if others
        else "X is in a file"
    )


@cache
def kernels_of(problem: str) -> dict[str, str]:
    """The kernel of each built-in implementation for blocks of rows; imports none of them."""
    folder = Path(impls.__file__).parent / problem
    found = {path.stem: _table.readable_text(path, "KERNEL") for path in _table.files(folder)}
    return {name: kernel for name, kernel in found.items() if kernel}
