"""Provenance of results: command, machine, versions, BLAS and threads."""

from __future__ import annotations

import os
import platform
import shlex
import sys
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Annotated, Any

import psutil
from pydantic import Field
from threadpoolctl import threadpool_info

from impls import _machine
from impls._errors import one_line
from scripts._common.checked import (
    ByName,
    Count,
    Misfit,
    NotNegative,
    Record,
    Text,
    Whole,
    fit,
    leave_aside,
)
from scripts._common.records import Facts

_GOVERNOR = Path("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")
_PACKAGES = ("numpy", "scipy", "numba", "scikit-learn", "asv", "asv_runner")
# Left out where they are not installed.
_PEERS = ("numexpr", "jax", "torch", "scikit-learn-intelex")


def collect_facts(threads: str, commit: str) -> Facts:
    """Collect the facts of this interpreter and machine.

    `commit` is the title of what is measured, such as ``commit 01234567``.
    """
    return Facts(
        command=_command(),
        commit=one_line(commit),
        date=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        cpu=one_line(_machine.processor_name()),
        system=f"{platform.system()} {platform.machine()}{_governor()}",
        n_threads=_machine.count_threads() if threads == "all" else int(threads),
        memory_bytes=int(psutil.virtual_memory().total),
        cache_bytes=_machine.cache_bytes(),
        versions=_versions(),
        blas=_blas(),
        load=round(os.getloadavg()[0], 2),
    )


class _Facts(Record):
    """The record of `Facts`."""

    command: Text
    commit: Text
    date: Text
    cpu: Text
    system: Text
    n_threads: Count
    memory_bytes: Whole
    cache_bytes: ByName[Annotated[int, Field(ge=1, le=9)], Count]
    versions: ByName[Text, Text]
    blas: Text
    load: NotNegative


def read_facts(record: Any, threads: str) -> Facts:
    """Facts of a JSON record; this interpreter's if there is none, or it is damaged."""
    try:
        if record is not None:
            return parse_facts(record)
    except Misfit as error:
        leave_aside(f"what a run has noted of the machine ({error}); what is shown holds now")
    return replace(collect_facts(threads, "commit unknown"), command="asv run")


def parse_facts(record: Any) -> Facts:
    """Make facts of a JSON record.

    Raises
    ------
    Misfit
    """
    return Facts(**dict(fit(record, _Facts)))


def _command() -> str:
    module = Path(sys.argv[0]).stem
    return one_line(shlex.join(["python", "-m", f"scripts.{module}", *sys.argv[1:]]))


def _governor() -> str:
    """What sets the processor's frequency (Linux)."""
    try:
        return f", governor {_GOVERNOR.read_text(encoding='utf-8').strip()}"
    except OSError:
        return ""


def _versions() -> dict[str, str]:
    found = {"Python": platform.python_version()}
    for package in (*_PACKAGES, *_PEERS):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            if package in _PACKAGES:
                found[package] = "not installed"
    return found


def _blas() -> str:
    import numpy  # noqa: F401  threadpoolctl sees a BLAS only after it is loaded

    libraries = {
        f"{info['internal_api']} {info['version']} {info.get('architecture', '')}".strip()
        for info in threadpool_info()
        if info["user_api"] == "blas"
    }
    return ", ".join(sorted(libraries)) or "BLAS unknown"
