"""Whether a journal is of this machine: another one may have the same name.

What its facts say of memory, system and caches is compared with what is here. The model and the
number of processors need no comparison: they are part of the state that each value holds for.
"""

from __future__ import annotations

import math
import platform
from collections.abc import Mapping
from typing import Any

import psutil

from impls import _machine
from impls._errors import one_line

_MEMORY = 0.05  # relative: what a system reports changes a little with its version
_MISFITS = (KeyError, ValueError, TypeError, AttributeError, OverflowError)
_Facts = Mapping[str, Any]


def here() -> dict[str, Any]:
    """The facts of this machine that are compared, by their names in a journal."""
    return {
        "memory_bytes": int(psutil.virtual_memory().total),
        "system": f"{platform.system()} {platform.machine()}",
        "cache_bytes": _machine.cache_bytes(),
    }


def difference(facts: _Facts | None) -> str:
    """How the machine of a journal's facts differs from this one; empty if nothing tells."""
    own = here()
    parts = [told for compare in (_memory, _system, _caches) if (told := _try(compare, facts, own))]
    return f"it is of another machine of this name, with {'; '.join(parts)}" if parts else ""


def _try(compare: Any, facts: _Facts | None, own: _Facts) -> str:
    """What a comparison tells; nothing of facts that are damaged or missing."""
    try:
        return str(compare(facts or {}, own))
    except _MISFITS:
        return ""


def _memory(its: _Facts, own: _Facts) -> str:
    a, b = (float(each["memory_bytes"]) for each in (its, own))
    if math.isclose(a, b, rel_tol=_MEMORY) or not 0 < a < math.inf:
        return ""
    return f"{a / 2**30:.1f} GiB of memory, not {b / 2**30:.1f} GiB"


def _system(its: _Facts, own: _Facts) -> str:
    a, b = (each["system"].partition(",")[0] for each in (its, own))  # without what is set
    return f"the system {one_line(a)}, not {b}" if a and a != b else ""


def _caches(its: _Facts, own: _Facts) -> str:
    a, b = ({int(key): int(n) for key, n in each["cache_bytes"].items()} for each in (its, own))
    return f"caches of {_sizes(a)}, not {_sizes(b)}" if a and b and a != b else ""


def _sizes(caches: Mapping[int, int]) -> str:
    return ", ".join(f"{caches[level] / 2**10:g} KiB" for level in sorted(caches))
