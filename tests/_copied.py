"""Copies of the working tree for commands that write there, or that find a damaged one."""

import shutil
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("impls", "benchmarks", "scripts")


def copy_packages(folder):
    """Copy the packages with what Python has compiled, which stays valid and saves seconds."""
    for name in PACKAGES:
        shutil.copytree(ROOT / name, folder / name, ignore=_passing)


def _passing(folder, names):
    """What another process may be about to write: all else that a cache holds."""
    is_cache = Path(folder).name == "__pycache__"
    return [name for name in names if is_cache and not name.endswith(".pyc")]
