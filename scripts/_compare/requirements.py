"""The libraries that a tree asks for in constraints.txt and pyproject.toml."""

from __future__ import annotations

import hashlib
import json
import platform
import re
import sysconfig
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import PackageNotFoundError, distribution

from pydantic import Field

from impls import _imports
from impls._errors import one_line
from scripts._common import project
from scripts._common.checked import Misfit, Record, Text, fit, leave_aside
from scripts._common.project import git
from scripts._compare.named import Named

_TOOLS = "dev"  # the optional dependencies that no measured value depends on
_LINE = re.compile(r"\s*([A-Za-z0-9][\w.-]*)\s*([^#]*)")
_NONE = "not asked for"
_MOST_NAMES = 5


class _Project(Record):
    """The table ``project`` of pyproject.toml."""

    name: Text = ""
    dependencies: tuple[Text, ...] = ()
    optional: dict[Text, tuple[Text, ...]] = Field({}, alias="optional-dependencies")


_NO_PROJECT = _Project.model_validate({})


class _Stated(Record):
    project: _Project = _NO_PROJECT


@dataclass(frozen=True)
class Requirements:
    """What has to be installed for a tree's implementations; equal if the versions are.

    Attributes
    ----------
    wanted : tuple of str
        The dependencies that pyproject.toml states, and of the optional ones those that are
        installed here.
    constraints : str
        Contents of constraints.txt.
    """

    wanted: tuple[str, ...]
    constraints: str

    @cached_property
    def versions(self) -> dict[str, str]:
        """What is asked of each library that is wanted or that these require, by name.

        Other lines of constraints.txt are of tools.
        """
        stated, pinned = _by_name(self.wanted), _by_name(self.constraints.splitlines())
        names = {*stated}.union(*map(_imports.requirements, stated))
        asked = {name: pinned.get(name, stated.get(name)) for name in sorted(names)}
        return {name: text for name, text in asked.items() if text is not None}

    @property
    def digest(self) -> str:
        """Name of an environment that has them."""
        parts = [self.versions, platform.python_version(), sysconfig.get_platform()]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:12]

    def differences(self, other: Requirements) -> dict[str, tuple[str, str]]:
        """What the two ask of each library that they ask different things of."""
        own, others = self.versions, other.versions
        both = {n: (own.get(n, _NONE), others.get(n, _NONE)) for n in sorted({*own, *others})}
        return {name: texts for name, texts in both.items() if texts[0] != texts[1]}


def requirements_of(side: Named) -> Requirements:
    """What a commit or the working tree asks for."""
    stated = _project(side)
    groups = stated.optional
    optional = [each for group, own in groups.items() if group != _TOOLS for each in own]
    wanted = [*stated.dependencies, *filter(_is_installed, optional)]
    own = _by_name([stated.name])
    return Requirements(
        tuple(sorted(each for each in wanted if not _by_name([each]).keys() & own.keys())),
        _read(side, "constraints.txt"),
    )


def _project(side: Named) -> _Project:
    """What pyproject.toml states; nothing, which is told, if it cannot be read."""
    try:
        found: _Stated = fit(tomllib.loads(_read(side, "pyproject.toml")), _Stated)
    except (tomllib.TOMLDecodeError, RecursionError, Misfit) as error:
        leave_aside(f"pyproject.toml of {side.title} cannot be read ({one_line(str(error))})")
        return _NO_PROJECT
    return found.project


def choose_environments(
    a: Requirements, b: Requirements, here: Requirements
) -> tuple[Requirements | None, Requirements | None]:
    """What each side needs an environment of its own for; None if the present one serves it."""
    if not a.differences(b):
        return None, None
    return (a if a.differences(here) else None), (b if b.differences(here) else None)


def note_environments(a: Requirements, b: Requirements, here: Requirements) -> str:
    """Which environments A and B ran in, and why."""
    if not (different := a.differences(b)):
        but = a.differences(here)
        apart = f", though they ask for others than the working tree: {_told(but)}" if but else ""
        return (
            "A and B ask for the same libraries: both ran with those that are installed here"
            f"{apart}."
        )
    sides = zip("AB", choose_environments(a, b, here), strict=True)
    own = [side for side, needs in sides if needs]
    if len(own) == 2:
        ran = "each ran in an environment of its own"
    else:
        other = "B" if own == ["A"] else "A"
        ran = f"{own[0]} ran in an environment of its own, {other} with those installed here"
    return f"A and B ask for different libraries ({_told(different)}): {ran}."


def _told(different: dict[str, tuple[str, str]]) -> str:
    """``numpy 2.3.5 and 2.4.6``."""
    told = [f"{name} {' and '.join(map(_version, texts))}" for name, texts in different.items()]
    more = f" and {len(told) - _MOST_NAMES} more" if told[_MOST_NAMES:] else ""
    return ", ".join(told[:_MOST_NAMES]) + more


def _version(asked: str) -> str:
    return asked.removeprefix("==") or "of any version"


def _by_name(lines: Iterable[str]) -> dict[str, str]:
    """What is asked of each library, by its normalised name."""
    found = filter(None, map(_LINE.match, lines))
    return {re.sub(r"[-_.]+", "-", each[1]).lower(): each[2].strip() for each in found}


def _is_installed(requirement: str) -> bool:
    try:
        return all(distribution(name) for name in _by_name([requirement]))
    except PackageNotFoundError:
        return False


def _read(side: Named, file: str) -> str:
    if side.name != ".":
        found = git("show", "--end-of-options", f"{side.name}:{file}") or b""
    else:
        path = project.ROOT / file
        found = path.read_bytes() if path.is_file() else b""
    return found.decode(errors="replace")
