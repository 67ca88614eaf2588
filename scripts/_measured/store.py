"""Where the results of a machine are: its journals, and the records of what they hold for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Store:
    """Results of one machine.

    Attributes
    ----------
    name : str
        The machine's name.
    journals : tuple of Path
        In any order.
    provenance : tuple of Path
        Folders with the states that values were measured in.
    """

    name: str
    journals: tuple[Path, ...]
    provenance: tuple[Path, ...]


def changed_at(path: Path) -> float:
    """Time when a file was last written; 0 if it is gone."""
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0
