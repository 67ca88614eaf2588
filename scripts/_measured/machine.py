"""The name under which asv files this machine's results, and its facts about the machine.

asv keeps the facts in ``~/.asv-machine.json``. The commands keep a copy in this folder and let asv
read that, so that they work if the home is missing or read-only, or the file in it damaged.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Annotated, Any

from asv.machine import Machine, MachineCollection
from pydantic import Field, RootModel, model_validator

from impls._errors import one_line
from impls._files import write_json
from scripts._common.checked import (
    Misfit,
    Record,
    Text,
    fit,
    leave_aside,
    read,
    read_or_name,
)
from scripts._common.errors import UserError
from scripts._common.project import STATE
from scripts._measured.asv_files import difference

NAME_VARIABLE = "GRADMARK_MACHINE"
# Beside the facts, which their owner may have edited: what asv has collected where they were made.
_HERE = "/here"  # no name of a machine
FILE_VARIABLE = "GRADMARK_MACHINE_FILE"
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,63}")
_ODD = re.compile(r"[/\\<>&\"'|:*?]|^[.-]|^$")
_Fact = Annotated[Text, Field(max_length=1000)]


class _Facts(Record):
    """asv's facts about a machine; it writes them as texts."""

    arch: _Fact
    cpu: _Fact
    num_cpu: _Fact
    os: _Fact
    ram: _Fact


class _File(RootModel[dict[str, Any]]):
    """Facts by machine, and a version."""

    @model_validator(mode="after")
    def _check(self) -> _File:
        if self.root.get("version") != MachineCollection.api_version:
            raise ValueError(f"expected a version {MachineCollection.api_version}")
        return self


def machine_name() -> str:
    """Name that asv files results under: ``GRADMARK_MACHINE``, or the host's.

    Raises
    ------
    UserError
        If the variable's value is not a valid folder name on every system, or the host's is none.
    """
    name = os.environ.get(NAME_VARIABLE, "")
    if name and not _NAME.fullmatch(name):
        raise UserError(
            f"{NAME_VARIABLE} is {name!r}, expected at most 64 letters, digits, dots, dashes and "
            "underscores"
        )
    return name or _host()


def _host() -> str:
    name = str(Machine.get_unique_machine_name())
    if _ODD.search(name) or not name.isprintable():
        raise UserError(
            f"this host is called {name!r}, which names no folder; name this machine in "
            f"{NAME_VARIABLE}"
        )
    return name


def settle_machine() -> Path:
    """Path of the file with this machine's facts for asv; make the file if it is missing."""
    name = machine_name()
    path = STATE / "machines" / f"{name}.json"
    if _read(name, path) is None or _is_copied(path):
        home = Path(MachineCollection.get_machine_file_path())
        here = Machine.get_defaults()
        facts = _read(name, home) or here | {"machine": name}
        write_json(path, {"version": MachineCollection.api_version, name: facts, _HERE: here})
    return path


def setup() -> None:
    """asv calls this when it loads the module as a plug-in; let it read the folder's file."""
    if path := os.environ.get(FILE_VARIABLE):
        MachineCollection.get_machine_file_path = staticmethod(lambda: path)


def _read(name: str, path: Path) -> dict[str, Any] | None:
    """Facts about a machine from one of asv's files; None if it has none, or is damaged.

    Facts that a file has of a single machine are this one's, whose name may have changed.
    """
    found = read_or_name(path, _File, "asv's file of machines", "the facts are collected anew")
    others = ("version", _HERE)
    records = {key: each for key, each in found.root.items() if key not in others} if found else {}
    single = next(iter(records.values())) if len(records) == 1 and _is_own(name) else None
    try:
        facts = fit(records.get(name, single), _Facts)
    except Misfit:
        return None
    return dict(facts) | {"machine": name}


def _is_copied(path: Path) -> bool:
    """Whether another machine of this name has written a file, which is told."""
    try:
        here = fit(read(path, _File).root.get(_HERE), _Facts).model_dump()
    except (FileNotFoundError, Misfit):  # of an earlier version
        return False
    if told := difference(here, Machine.get_defaults()):
        where = f"asv's file of machines {one_line(str(path))} is of another machine of this name"
        leave_aside(f"{where}, with {told}; the facts are collected anew")
    return bool(told)


def _is_own(name: str) -> bool:
    return bool(name == Machine.get_unique_machine_name())
