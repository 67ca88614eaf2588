"""The presets, which ``benchmarks/presets.json`` states for the suite and the commands."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field, TypeAdapter

from benchmarks import _plan
from benchmarks._plan import Preset
from scripts._common.checked import (
    ByName,
    Count,
    Many,
    Name,
    NotNegative,
    Positive,
    Record,
    Whole,
    read_own,
)

_Sizes = Many[tuple[Count, Count]]


class _Preset(Record):
    sizes: Annotated[_Sizes, Field(min_length=1)]
    epochs: _Sizes
    most_epochs: Whole
    rounds: Count
    generations: Count
    warm_seconds: NotNegative
    sample_seconds: Positive
    files: _Sizes = ()
    files_of: Many[Name] = ()


def _with_usual(found: dict[str, _Preset]) -> dict[str, _Preset]:
    if missing := [name for name in _USUAL if name not in found]:
        raise ValueError(f"{missing[0]} is missing")
    return found


_USUAL = ("smoke", "quick", "standard", "full")
_PRESETS: TypeAdapter[dict[str, _Preset]] = TypeAdapter(
    Annotated[ByName[Name, _Preset], AfterValidator(_with_usual)]
)


def presets() -> dict[str, Preset]:
    """Presets by name, from the shortest to the longest.

    Raises
    ------
    Misfit
        If the file is damaged.
    """
    read_own(_plan.PRESETS, _PRESETS)
    return _plan.presets()
