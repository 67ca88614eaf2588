"""What implementations say of themselves, kept until a file or a library of theirs changes.

Each is asked in a process of its own, which takes about a second.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict
from typing import Any

from pydantic import RootModel, TypeAdapter

import impls
from impls import _provenance
from impls._files import FORMAT, write_json
from impls._provenance import Subject
from scripts._common import isolated, project
from scripts._common.checked import Misfit, Positive, Record, Text, fit, read_or_name
from scripts._common.isolated import Description
from scripts._measured.state import State

Answer = Description | impls.TableError


class _Missing(Record, extra="forbid"):
    """The record of an implementation that cannot be imported here."""

    unavailable: Text
    state: Text


class _Described(Record, extra="forbid"):
    """The record of a `Description`."""

    summary: Text
    passes: Text
    bytes_per_value: Positive
    family: Text
    rtol: float
    state: Text


class _File(RootModel[dict[str, Any]]):
    """Records by ``problem/name``."""


_KEPT: TypeAdapter[_Described | _Missing] = TypeAdapter(_Described | _Missing)


def describe(state: State, problem: str, names: Iterable[str]) -> dict[str, Answer]:
    """Describe each implementation, as `isolated.describe` does.

    Parameters
    ----------
    state : State
        Of the working tree, which is what is asked.
    """
    names, path = list(names), project.PROVENANCE.with_name("descriptions.json")
    kept = read_or_name(path, _File, "what implementations say", "they are asked again")
    records = kept.root if kept else {}
    known = {name: _known(records, state, Subject(problem, name)) for name in names}
    asked = isolated.describe(problem, [name for name in names if known[name] is None])
    if new := {f"{problem}/{n}": _record(a, state) for n, a in asked.items() if _may_stay(a)}:
        with suppress(OSError):  # asked again next time
            _provenance.save(state.provenance, project.PROVENANCE)
            write_json(path, {**records, **new, "format": FORMAT})
    return {name: known[name] or asked[name] for name in names}


def _may_stay(answer: Answer) -> bool:
    """Whether the answer depends on files and versions alone; a process may die by chance."""
    return isinstance(answer, Description | impls.Unavailable)


def _record(answer: Answer, state: State) -> dict[str, Any]:
    told = asdict(answer) if isinstance(answer, Description) else {"unavailable": str(answer)}
    return told | {"state": state.provenance.digest}


def _known(kept: Mapping[str, Any], state: State, subject: Subject) -> Answer | None:
    """The kept answer, if it fits and nothing that it depends on has changed."""
    try:
        record = fit(kept.get(f"{subject.problem}/{subject.implementation}"), _KEPT)
    except Misfit:
        return None
    if state.changes(subject, record.state):
        return None
    if isinstance(record, _Missing):
        return impls.Unavailable(record.unavailable)
    return Description(**record.model_dump(exclude={"state"}))
