"""A machine that was found: its journals, and what they say of it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from scripts._fleet.hardware import Hardware
from scripts._fleet.journals import Journal, Mark
from scripts._measured.store import Store


@dataclass(frozen=True)
class Found:
    """One machine.

    Attributes
    ----------
    label : str
        Its name, with the folder where several machines have that name.
    place : str
        Label of the folder that it is in.
    journals : tuple of Journal
        Those that were measured last first; at least one.
    provenance : tuple of Path
        Folders with states of its measurements.
    """

    name: str
    label: str
    place: str
    journals: tuple[Journal, ...]
    provenance: tuple[Path, ...]

    @property
    def title(self) -> str:
        """Its name and folder, for notes."""
        return f"{self.name} in {self.place}"

    @property
    def hardware(self) -> Hardware:
        """Of the last measurement."""
        return self.journals[0].hardware

    @property
    def marks(self) -> frozenset[Mark]:
        """Of all its measurements."""
        return frozenset(chain.from_iterable(each.marks for each in self.journals))

    @property
    def measured(self) -> str:
        """When it has measured last."""
        return self.journals[0].measured

    @property
    def store(self) -> Store:
        """Where its results are."""
        return Store(self.name, tuple(each.path for each in self.journals), self.provenance)
