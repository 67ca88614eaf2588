"""Check names and numbers from the command line against what exists."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Iterable

import impls
from impls import _machine
from scripts._common.errors import UserError
from scripts._common.problems import by_cells


def pick(kind: str, name: str, known: Iterable[str]) -> str:
    """Return the name if it is known.

    Raises
    ------
    UserError
        Otherwise; suggests the nearest name and lists all.
    """
    known = list(known)
    if name in known:
        return name
    hint = suggest(name, known) or "."
    raise UserError(f"no {kind} {name!r}{hint} There are: {', '.join(known)}")


def suggest(name: str, known: Iterable[str]) -> str:
    """``; did you mean NEAREST?``, or nothing where no name is near."""
    near = difflib.get_close_matches(name, list(known), n=1)
    return f"; did you mean {near[0]}?" if near else ""


def check_threads(text: str) -> None:
    """Check that ``--threads`` is ``all`` or a number that this process may use.

    Raises
    ------
    UserError
        Otherwise; names the largest number.
    """
    most = _machine.count_threads()
    if text not in ("all", *map(str, range(1, most + 1))):  # 01 would have results of its own
        raise UserError(f"--threads is {text!r}, expected all or a number from 1 to {most}")


def all_implementations() -> list[str]:
    """Names of the implementations of every problem."""
    return sorted({name for problem in impls.problems() for name in impls.names(problem)})


def all_problems() -> list[str]:
    """Every problem, that of most implementations first."""
    return by_cells(problem for problem in impls.problems() for _ in impls.names(problem))


def check_implementations(names: Iterable[str], problem: str | None = None) -> None:
    """Check names against the implementations of one problem, or of any.

    Raises
    ------
    UserError
        As `pick` does.
    """
    kind = f"implementation of {problem}" if problem else "implementation"
    known = impls.names(problem) if problem else all_implementations()
    for name in names:
        pick(kind, name, known)


def tell_unavailable(cells: Iterable[tuple[str, str]]) -> None:
    """Name the (problem, implementation) that cannot be used here on stderr, if there are any."""
    if names := ", ".join(f"{problem}/{name}" for problem, name in cells):
        print(f"Not available here: {names}; python -m scripts.list says why", file=sys.stderr)
