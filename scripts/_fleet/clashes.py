"""What several folders hold of one machine, and machines of one name, in words."""

from __future__ import annotations

from collections.abc import Sequence

from scripts._common import units
from scripts._fleet.found import Found


def on_copies(a: Found, b: Found) -> str:
    """How many measurements of `b` are those of `a`, and what is done with the others."""
    both, n = len(a.marks & b.marks), len(b.marks)
    of = f"all {n}" if both == n else f"{both} of the {n}"
    more = "" if both == n else f"; the others are added to {a.name}"
    return (
        f"{of[0].upper()}{of[1:]} measurements of {b.title} are those of {a.title}, and are "
        f"counted once{more}."
    )


def on_names(found: Sequence[Found]) -> list[str]:
    """A note on each name that several machines have."""
    names = dict.fromkeys(each.name for each in found)
    groups = [[each for each in found if each.name == name] for name in names]
    return [_on_name(own) for own in groups if len(own) > 1]


def _on_name(own: Sequence[Found]) -> str:
    """Facts that differ, or else that nothing tells whether they are one machine."""
    first, *others = own
    texts = [_telling(each, first) for each in others]
    alike = [each.place for each, text in zip(others, texts, strict=True) if not text]
    told = [text for text in texts if text]
    what = f"{first.name} names {len(own)} machines, which are shown apart"
    if told:
        what += f": {'; '.join([_telling(first, others[texts.index(told[0])]), *told])}"
    if alike:
        what += (
            f". Those in {units.listed([first.place, *alike])} have the same facts and no "
            "measurement in common: two machines, or two copies of Gradmark on one"
        )
    return f"{what}. GRADMARK_MACHINE gives a machine a name of its own."


def _telling(each: Found, other: Found) -> str:
    """What a machine has that another of its name has not."""
    differs = each.hardware.differs(other.hardware)
    return f"that in {each.place} has {units.listed(differs)}" if differs else ""
