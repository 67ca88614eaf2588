"""What implementations say of themselves, kept until a file or a library of theirs changes.

Each is asked in a process of its own, which takes about a second.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

import impls
from impls import _provenance
from impls._files import write_json
from impls._provenance import Subject
from scripts._common import isolated, project
from scripts._common.isolated import Description
from scripts._measured.state import State

Answer = Description | impls.TableError


def describe(state: State, problem: str, names: Iterable[str]) -> dict[str, Answer]:
    """Describe each implementation, as `isolated.describe` does.

    Parameters
    ----------
    state : State
        Of the working tree, which is what is asked.
    """
    names, path = list(names), project.PROVENANCE.with_name("descriptions.json")
    kept = _read(path)
    known = {name: _known(kept, state, Subject(problem, name)) for name in names}
    asked = isolated.describe(problem, [name for name in names if known[name] is None])
    if new := {f"{problem}/{n}": _record(a, state) for n, a in asked.items() if _may_stay(a)}:
        with suppress(OSError):  # asked again next time
            _provenance.save(state.provenance, project.PROVENANCE)
            write_json(path, {**kept, **new})
    return {name: known[name] or asked[name] for name in names}


def _may_stay(answer: Answer) -> bool:
    """Whether the answer depends on files and versions alone; a process may die by chance."""
    return isinstance(answer, Description | impls.Unavailable)


def _record(answer: Answer, state: State) -> dict[str, Any]:
    told = asdict(answer) if isinstance(answer, Description) else {"unavailable": str(answer)}
    return told | {"state": state.provenance.digest}


def _known(kept: Mapping[str, Any], state: State, subject: Subject) -> Answer | None:
    """The kept answer, unless something that it depends on has changed."""
    record = dict(kept.get(f"{subject.problem}/{subject.implementation}", {}))
    if not record or state.changes(subject, str(record.pop("state", ""))):
        return None
    if "unavailable" in record:
        return impls.Unavailable(record["unavailable"])
    try:
        return Description(**record)
    except TypeError:  # of another version
        return None


def _read(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return (
        {k: v for k, v in found.items() if isinstance(v, dict)} if isinstance(found, dict) else {}
    )
