"""Families of implementations: what kind of thing each is, told from its own constants.

A figure colours and groups by family, so that a new file gets the style of its group and others
keep theirs. The rule is for plug-ins too:

1. ``KERNEL`` names another implementation: blocks of rows, for an X that is not in memory.
2. ``PEER`` names a library, other than NumPy: a library.
3. ``MAX_SAMPLES`` or ``MAX_ELEMENTS`` is set: a teaching loop, limited because it is slow.
4. ``PEER`` is NumPy, or the docstring says 2 passes over X or more: whole-array code, in NumPy.
5. The rest reads X once: one pass.

Implementations that cannot be loaded are `OTHER`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

ONE_PASS = "one pass"
NUMPY = "NumPy forms"
LIBRARY = "libraries"
LOOP = "teaching loops"
BLOCKS = "blocks of rows"
OTHER = "not known"
FAMILIES = (ONE_PASS, NUMPY, LIBRARY, LOOP, BLOCKS, OTHER)


def family_of(info: Mapping[str, Any]) -> str:
    """The family of an implementation, from what a process tells of it.

    Parameters
    ----------
    info : mapping
        ``peer``, ``limited``, ``passes`` and, if it has one, ``kernel``.
    """
    peer, passes = info["peer"], info["passes"]
    if info.get("kernel"):
        return BLOCKS
    if peer and peer != "NumPy":
        return LIBRARY
    if info["limited"]:
        return LOOP
    return NUMPY if peer or (passes or 1) > 1 else ONE_PASS
