"""What asv's pages tell about a machine: asv's facts, and those of its last measurement."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from scripts._common import units
from scripts._common.checked import Misfit
from scripts._common.facts import parse_facts
from scripts._common.records import Facts
from scripts._measured.journals import open_journals, paths_of


def describe_machine(name: str, record: Mapping[str, Any]) -> dict[str, str]:
    """Labels and texts, in the order to show them; what is not known is left out.

    Parameters
    ----------
    name : str
        Of its folder.
    record : mapping
        Contents of asv's ``machine.json``.
    """
    own = {
        "processor": str(record.get("cpu", "")),
        "processors": str(record.get("num_cpu", "")),
        "memory": _memory(str(record.get("ram", ""))),
        "system": f"{record.get('os', '')} {record.get('arch', '')}".strip(),
    }
    facts = _last_facts(name)
    told = own | (_told(facts) if facts else {})
    return {label: text for label, text in told.items() if text}


def _told(facts: Facts) -> dict[str, str]:
    caches = [f"L{level} {size / 2**10:g} KiB" for level, size in facts.cache_bytes.items()]
    return {
        "processor": facts.cpu,
        "caches of a core": ", ".join(caches),
        "threads": str(facts.n_threads),
        "BLAS": facts.blas,
        "versions": ", ".join(f"{name} {number}" for name, number in facts.versions.items()),
        "last measured": f"{facts.date}, {facts.commit}",
        "command": facts.command,
        "load before": f"{facts.load:g}",
    }


def _memory(ram: str) -> str:
    return units.short(units.n_bytes(float(ram))) if ram.isdigit() else ram


def _last_facts(machine: str) -> Facts | None:
    """Facts of the newest journal that has some; a damaged record counts as none."""
    for _, known in open_journals(paths_of(machine)):
        if known.facts is not None:
            with suppress(Misfit):
                return parse_facts(known.facts)
    return None
