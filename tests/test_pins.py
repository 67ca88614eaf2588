"""constraints.txt has the version of all that is installed, and these versions fit together."""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, distribution
from itertools import chain
from pathlib import Path

import pytest
from asv import util
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
EXTRAS = PROJECT["project"]["optional-dependencies"]
# Packages that a build asks for beside its backend; hatchling names this one in its own code.
BUILD = [*PROJECT["build-system"]["requires"], "editables"]


def pinned() -> dict[str, Requirement]:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    found = [Requirement(line) for line in lines if line and not line.startswith("#")]
    return {canonicalize_name(each.name): each for each in found}


def stated() -> list[Requirement]:
    """What this package asks for, with all extras."""
    texts = chain(PROJECT["project"]["dependencies"], *EXTRAS.values())
    return [Requirement(text) for text in texts]


def required_by(requirement: Requirement) -> Iterator[Requirement]:
    """What an installed package asks for here, with the extras that are asked of it."""
    for text in distribution(requirement.name).requires or ():
        each = Requirement(text)
        extras = ("", *requirement.extras)
        if not each.marker or any(each.marker.evaluate({"extra": extra}) for extra in extras):
            yield each


def closure() -> list[Requirement]:
    """Every requirement, of this package or of what it needs, that is installed here."""
    waiting, found, seen = stated(), [], set()
    while waiting:
        requirement = waiting.pop()
        known = canonicalize_name(requirement.name), frozenset(requirement.extras)
        if known[0] == "gradmark":
            continue
        try:
            distribution(requirement.name)
        except PackageNotFoundError:
            continue
        found.append(requirement)
        if known not in seen:
            seen.add(known)
            waiting += required_by(requirement)
    return found


def test_every_pin_is_one_version():
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    names = [canonicalize_name(line.partition("==")[0]) for line in lines if line[0] != "#"]
    assert sorted(set(names)) == sorted(names)
    for requirement in pinned().values():
        (only,) = requirement.specifier
        assert only.operator == "=="
        assert "*" not in only.version
        assert not requirement.url


def test_what_any_extra_or_the_build_asks_for_is_pinned():
    wanted = [*stated(), *map(Requirement, BUILD)]
    assert {canonicalize_name(each.name) for each in wanted} - {"gradmark"} <= set(pinned())


def test_the_pins_are_of_versions_that_this_package_takes():
    for requirement in stated():
        if requirement.name != "gradmark":
            pin = pinned()[canonicalize_name(requirement.name)]
            assert requirement.specifier.contains(next(iter(pin.specifier)).version), requirement


def test_what_is_installed_for_any_extra_is_pinned():
    """Also what others need: an unpinned version would be whatever is the newest."""
    names = {canonicalize_name(each.name) for each in closure()}
    assert {"numpy", "llvmlite", "pyparsing", "greenlet"} <= names
    assert names - set(pinned()) == set()


def test_what_is_installed_fits_together():
    """As `pip check` says, of what this package needs."""
    unfit = [
        f"{each}: {distribution(each.name).version}"
        for each in closure()
        if not each.specifier.contains(distribution(each.name).version, prereleases=True)
    ]
    assert unfit == []


def test_what_make_has_installed_is_of_the_pinned_versions():
    if Path(sys.prefix).resolve() != ROOT / ".venv":
        pytest.skip("this environment was not made by make")
    versions = {each.name: distribution(each.name).version for each in closure()}
    # A local label, as in 2.13.0+cpu, names a build of the same version.
    other = [
        name
        for name, version in versions.items()
        if not pinned()[canonicalize_name(name)].specifier.contains(version)
    ]
    assert other == []


def test_asv_builds_a_commit_with_the_pinned_versions():
    """pip before 25.3 reads the one variable for what builds a package, later ones the other."""
    settings = util.load_json(str(ROOT / "asv.conf.json"), js_comments=True)
    places = {"conf_dir": str(ROOT), "build_cache_dir": "cache", "build_dir": "build"}
    (command,) = settings["build_command"]
    words, variables, _, _ = util.interpolate_command(command, places)
    assert words[:4] == ["python", "-m", "pip", "wheel"]
    for name in ("PIP_CONSTRAINT", "PIP_BUILD_CONSTRAINT"):
        assert Path(variables[name]) == ROOT / "constraints.txt"
