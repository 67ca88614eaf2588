"""Facts that tell a machine from another one of the same name."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from impls._provenance import Provenance
from scripts._common import units
from scripts._common.records import Facts

_NUMBER = re.compile("[1-9][0-9]{0,5}")
_MEMORY = 0.05  # relative: what a system reports changes a little with its version


@dataclass(frozen=True)
class Hardware:
    """A machine, as far as it is known; empty texts and 0 stand for what is not.

    Attributes
    ----------
    processors : str
        How many a process may use.
    system : str
        Operating system and architecture, without what is set.
    caches : tuple of (level, bytes)
    """

    cpu: str = ""
    processors: str = ""
    system: str = ""
    memory_bytes: int = 0
    caches: tuple[tuple[int, int], ...] = ()

    def differs(self, other: Hardware) -> list[str]:
        """What is known of both and not the same, in words of this one."""
        pairs = {
            self.cpu or "no name": (self.cpu, other.cpu),
            f"{self.processors} processors": (self.processors, other.processors),
            self.system: (self.system, other.system),
            self._caches: (self.caches, other.caches),
        }
        found = [text for text, (own, its) in pairs.items() if own and its and own != its]
        return [*found, *([self._memory] if self._has_other_memory(other) else [])]

    def _has_other_memory(self, other: Hardware) -> bool:
        own, its = self.memory_bytes, other.memory_bytes
        return bool(own and its) and not math.isclose(own, its, rel_tol=_MEMORY)

    @property
    def _memory(self) -> str:
        return f"{units.n_bytes(self.memory_bytes)} of memory"

    @property
    def _caches(self) -> str:
        return ", ".join(f"L{level} of {units.n_bytes(size)}" for level, size in self.caches)


def hardware_of(facts: Facts | None, state: Provenance | None) -> Hardware:
    """What the facts of a run, and the state of a measurement, say of the machine."""
    settings = state.settings if state else {}
    processors = settings.get("processors", "")
    if facts is None:
        return Hardware(settings.get("processor", ""), processors)
    return Hardware(
        settings.get("processor", facts.cpu),
        processors,
        facts.system.partition(",")[0],
        facts.memory_bytes,
        tuple(sorted(facts.cache_bytes.items())),
    )


def count_processors(state: Provenance, otherwise: int) -> int:
    """How many processors a measurement could use, if its state says a number."""
    text = state.settings.get("processors", "")
    return int(text) if _NUMBER.fullmatch(text) else otherwise
