"""Families of implementations: what kind of thing each is, told from its own constants.

A figure colours and groups by family, so that a new file gets the style of its group and others
keep theirs. The rule is for plug-ins too:

1. ``PEER`` names a library, other than NumPy: a library.
2. ``MAX_SAMPLES`` or ``MAX_ELEMENTS`` is set: a teaching loop, limited because it is slow.
3. ``PEER`` is NumPy, or the docstring says 2 passes over X or more: whole-array code, in NumPy.
4. The rest reads X once: one pass.

Implementations that cannot be loaded are `OTHER`.
"""

from __future__ import annotations

ONE_PASS = "one pass"
NUMPY = "NumPy forms"
LIBRARY = "libraries"
LOOP = "teaching loops"
OTHER = "not known"
FAMILIES = (ONE_PASS, NUMPY, LIBRARY, LOOP, OTHER)


def family_of(peer: str, limited: bool, passes: int | None) -> str:
    """The family of an implementation with this PEER, limited or not, and its passes over X."""
    if peer and peer != "NumPy":
        return LIBRARY
    if limited:
        return LOOP
    return NUMPY if peer or (passes or 1) > 1 else ONE_PASS
