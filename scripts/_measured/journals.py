"""Journals, read line by line; what does not fit is named and left aside.

`benchmarks._session.journal` says what the lines are.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, InstanceOf, TypeAdapter, model_validator

import impls
from benchmarks import _measure
from benchmarks._session import journal, lines
from benchmarks._session.journal import Known
from impls._errors import one_line
from impls._files import Unreadable, check_file
from scripts._common import checked
from scripts._common.checked import (
    ByName,
    Misfit,
    Name,
    Newer,
    NotNegative,
    Record,
    Text,
    Truth,
    Whole,
    matching,
)
from scripts._measured.store import changed_at

_LONGEST_LINE = 2**20
_N_DRAWN = 5  # fields of data that are no user's file
_MOST_MISFITS = 1000  # more are no damage: the file is no journal
_AGAIN = "what they held is measured again by: python -m scripts.run"

_Seconds = Annotated[float, Field(strict=True, allow_inf_nan=False, ge=1e-12, le=1e9)]
_Speed = Annotated[float, Field(strict=True, allow_inf_nan=False, ge=1e-3, le=1e18)]
_Width = Annotated[int, Field(ge=1, le=64)]
_Size = Annotated[int, Field(strict=True, ge=0, le=2**48)]
# A digest names a file; a metric's name may end in a solver, which names one too.
_Digest = Annotated[Text, matching(r"[\w.-]{0,64}", "a digest")]
_Metric = Annotated[Text, matching(r"\w{1,60}(/\w{1,60})?", "a metric, or a metric/solver")]
# The digest of a user's file, which lines of all other data lack.
_Contents = Annotated[Text, matching(r"[0-9a-f]{0,64}", "a digest of a file")]
_Data = Annotated[
    tuple[Name, _Size, _Size, Annotated[Text, Field(max_length=200)], Truth, _Contents],
    BeforeValidator(lambda value: [*value, ""] if _lacks_contents(value) else value),
]


def _lacks_contents(value: Any) -> bool:
    return isinstance(value, list) and len(value) == _N_DRAWN


class _Source(Record):
    kind: Literal["source"]
    commit: Annotated[Text, matching("[0-9a-f]{40}", "40 hexadecimal digits")]
    environment: Text
    threads: Text


class _Facts(Record):
    kind: Literal["facts"]
    facts: dict[InstanceOf[str], Any]


class _Round(Record):
    kind: Literal["round"]
    measurement: Text
    data: _Data
    digest: _Digest
    generation: Whole
    seconds: ByName[Name, _Seconds]
    roofs: ByName[_Width, _Speed]
    processors: ByName[Name, Annotated[NotNegative, Field(le=1e6)]]


class _Info(Record):
    bytes_per_value: Annotated[int, Field(strict=True, ge=1, le=64)]
    passes: Whole | None
    peer: Text
    limited: Truth
    rtol: NotNegative
    width: Annotated[int, Field(strict=True, ge=1, le=64)] | None = None
    casts: Truth | None = None


class _Cell(Record):
    kind: Literal["cell"]
    measurement: Text
    data: _Data
    digest: _Digest
    name: Name
    state: Annotated[Text, Field(min_length=1)]
    reason: Text
    measured_at: Text
    generations: Whole
    flag: Text
    shape: tuple[_Size, _Size]
    info: Annotated[_Info | None, BeforeValidator(lambda value: None if value == {} else value)]
    costs: ByName[_Metric, NotNegative]
    reasons: ByName[_Metric, Text]
    clock_behind: NotNegative = 0.0

    @model_validator(mode="after")
    def _check(self) -> _Cell:
        if self.state == journal.OK and self.info is None:
            raise ValueError("has a time, but has said nothing of itself")
        return self


_LINE: TypeAdapter[Any] = TypeAdapter(
    Annotated[_Source | _Facts | _Round | _Cell, Field(discriminator="kind")]
)


@dataclass
class Contents:
    """What a journal holds.

    Attributes
    ----------
    fault : str
        Why nothing of it is taken; empty if it is.
    misfits : list of str
        A sentence for each line that does not fit.
    """

    known: Known = field(default_factory=Known)
    fault: str = ""
    misfits: list[str] = field(default_factory=list)


def paths_of(machine: str) -> list[Path]:
    """A machine's journals."""
    return sorted((_measure.FOLDER / machine).glob("*.jsonl"))


def open_journals(paths: Iterable[Path]) -> list[tuple[Path, Known]]:
    """Journals that say where they come from, what was measured last first.

    What is left aside is named, once. The order is that of what the journals have recorded: a copy
    of a file may carry any time.
    """
    found = [(path, known) for path in paths if (known := _open(path, changed_at(path)))]
    return sorted(found, key=lambda each: each[1].recorded_at, reverse=True)


def read_journal(path: Path) -> Contents:
    """A journal, without a word; one that is not there is empty."""
    found = Contents()
    try:
        check_file(path, journal.MOST_BYTES)
        _read(path, found)
    except FileNotFoundError:
        pass
    except (Misfit, Unreadable) as error:
        found.fault = str(error)
    except OSError as error:
        found.fault = error.strerror or type(error).__name__
    return found


@cache
def _open(path: Path, _changed: float) -> Known | None:
    found = read_journal(path)
    where = one_line(str(path))
    if not found.fault and found.known.source is None:
        found.fault = "it does not say which commit and environment it is of"
        found.fault += f"; {found.misfits[0]}" if found.misfits else ""
    if found.fault:
        checked.leave_aside(f"the journal {where} cannot be read ({found.fault}); move it away")
        return None
    if found.misfits:
        n = len(found.misfits)
        what = f"{n:,} line{'s' * (n > 1)} of the journal {where} ({found.misfits[0]})"
        checked.leave_aside(f"{what}; {_AGAIN}")
    return found.known


def _read(path: Path, found: Contents) -> None:
    n_blank, problems = 0, impls.problems()
    for number, line in _lines(path):
        try:
            _take(line, found.known, problems)
        except Newer:
            raise
        except Misfit as error:
            found.misfits.append(f"line {number}: {error}")
        n_blank += not line.strip()
        if len(found.misfits) + n_blank > _MOST_MISFITS:
            first = found.misfits[0] if found.misfits else "they are empty"
            raise Misfit(f"more than {_MOST_MISFITS:,} of its lines do not fit; {first}")


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    with path.open("rb") as file:
        yield from enumerate(file, 1)


def _take(line: bytes, known: Known, problems: Collection[str]) -> None:
    if not line.strip():
        return
    if len(line) > _LONGEST_LINE:
        raise Misfit(f"it has {len(line):,} characters, expected at most {_LONGEST_LINE:,}")
    try:
        record = checked.parse(line)
    except Misfit:
        if lines.is_cut(line):
            return
        raise
    fitting = checked.fit(record, _LINE).model_dump()
    if "data" in fitting and fitting["data"][0] not in problems:
        return  # of a version with other problems, which cannot be told here
    try:
        lines.add(known, fitting)
    except lines.MISFITS as error:
        raise Misfit(one_line(str(error))) from error
