"""Index page of a report of several machines: their facts, the pictures and the tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from scripts._common import escape, units
from scripts._common.fleet import Fleet, Machine
from scripts._tables._index import DATA_LINE, Picture, links, pictures_by_section
from scripts._tables._rows import table

_HEADERS = ["machine", "CPU", "threads", "memory", "caches of a core", "system", "measured"]
_RATIOS = (
    "Machines are compared by ratios alone: each time over that of the machine's own baseline, and "
    "each bandwidth over its own read roof. Seconds of two machines are not."
)


def render(
    fleet: Fleet, pictures: Sequence[Picture], pages: Mapping[str, str], notes: Iterable[str] = ()
) -> str:
    """The page; `notes` say what is left out, what was found twice, and names that clash."""
    told = "\n".join(f"- {escape.markdown(note)}" for note in notes)
    parts = [
        f"# Gradients of {units.listed(map(escape.markdown, fleet.problems))} on {_count(fleet)}",
        f"{_RATIOS} All values hold for {escape.markdown(fleet.files)}. Made by `{fleet.command}` "
        f"({fleet.date}).",
        table([_facts(machine) for machine in fleet.machines], _HEADERS),
        "\n".join(f"- {escape.markdown(m.name)}: {_versions(m)}" for m in fleet.machines),
        f"Notes:\n\n{told}" if told else "",
        links(pages),
        DATA_LINE,
        *pictures_by_section(pictures),
    ]
    return "\n\n".join(filter(None, parts)) + "\n"


def _count(fleet: Fleet) -> str:
    n = len(fleet.machines)
    return f"{n} machine{'s' * (n > 1)}"


def _facts(machine: Machine) -> list[str]:
    facts = machine.facts
    caches = [f"L{n} {units.n_bytes(size)}" for n, size in sorted(facts.cache_bytes.items())]
    return [
        escape.markdown(machine.name),
        escape.markdown(facts.cpu),
        str(facts.n_threads),
        units.n_bytes(facts.memory_bytes) if facts.memory_bytes else units.NO_VALUE,
        ", ".join(caches) or units.NO_VALUE,
        escape.markdown(facts.system),
        escape.markdown(facts.date),
    ]


def _versions(machine: Machine) -> str:
    versions = [f"{name} {text}" for name, text in machine.facts.versions.items()]
    return escape.markdown(", ".join([*versions, machine.facts.blas]))
