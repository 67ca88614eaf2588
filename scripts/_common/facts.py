"""Provenance of results: command, machine, versions, BLAS and threads."""

from __future__ import annotations

import json
import os
import platform
import shlex
import sys
from dataclasses import asdict, replace
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import psutil
from threadpoolctl import threadpool_info

from impls import _machine
from impls._errors import one_line
from impls._files import write_json
from scripts._common.errors import UserError
from scripts._common.project import STATE
from scripts._common.records import Facts

FOLDER = STATE / "facts"
_PACKAGES = ("numpy", "scipy", "numba", "scikit-learn", "asv", "asv_runner")
_PEERS = ("numexpr", "jax", "torch")  # left out where they are not installed


def collect_facts(threads: str, commit: str) -> Facts:
    """Collect the facts of this interpreter and machine.

    `commit` is the title of what is measured, such as ``commit 01234567``.
    """
    return Facts(
        command=_command(),
        commit=commit,
        date=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        cpu=_machine.processor_name(),
        system=f"{platform.system()} {platform.machine()}",
        n_threads=_machine.count_threads() if threads == "all" else int(threads),
        memory_bytes=int(psutil.virtual_memory().total),
        cache_bytes=_machine.cache_bytes(),
        versions=_versions(),
        blas=_blas(),
        load=round(os.getloadavg()[0], 2),
    )


def save_facts(facts: Facts, results: Path) -> None:
    """Store the facts beside a result file."""
    write_json(FOLDER / results.name, asdict(facts))


def load_facts(results: Path, threads: str) -> Facts:
    """Load the facts of a result file, or collect this interpreter's if asv was run by hand."""
    path = FOLDER / results.name
    try:
        return _parse(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return replace(collect_facts(threads, "commit unknown"), command="asv run")
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError) as error:
        raise UserError(
            f"{path} is damaged ({error}); move it away, or measure again: "
            "python -m scripts.run --again"
        ) from error


def _parse(record: Any) -> Facts:
    """Make facts of a JSON record; damage raises whatever error it leads to."""
    texts = ("command", "commit", "date", "cpu", "system", "blas")
    return Facts(
        **{name: one_line(record[name]) for name in texts},
        n_threads=int(float(record["n_threads"])),
        memory_bytes=int(float(record["memory_bytes"])),
        load=float(record["load"]),
        cache_bytes={int(level): int(float(size)) for level, size in record["cache_bytes"].items()},
        versions={one_line(name): one_line(text) for name, text in record["versions"].items()},
    )


def _command() -> str:
    module = Path(sys.argv[0]).stem
    return shlex.join(["python", "-m", f"scripts.{module}", *sys.argv[1:]])


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
