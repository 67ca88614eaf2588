"""The fastest on each machine, by ratios to that machine's own baseline and read roof."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from scripts._common import escape, units
from scripts._common.baseline import baseline_of, explain
from scripts._common.fastest import EXACT, SINGLE, Winner, data_of
from scripts._common.fleet import Fleet, Machine, Wins, agreement, standings, wins_of
from scripts._tables._rows import table

_PRECISIONS = {"float64": EXACT, "float32": SINGLE}
_NONE = "–"
_WHY = (
    "Each value is a ratio within one machine, of the same rounds, or a count of such. Times of "
    "two machines are not compared."
)
_STANDING = (
    "A machine counts for an implementation that is the fastest on most of its sets of data, and "
    "for several that are even. Over all machines: the sets of data on which it is the fastest, "
    "and the least and the largest speed-up there."
)
_LEGEND = (
    f"`{_NONE}`: not measured on this machine. `skipped`, `failed`, `wrong`, `too fast` and "
    "`missing` are explained, with their reasons, in the report of the machine alone: "
    "`python -m scripts.report`, there."
)
STANDING_HEADERS = [
    *("problem", "exact to", "fastest", "machines", "sets of data", "speed-up"),
]
_Values = Mapping[tuple[str, str], str]  # text by size and implementation


def render(fleet: Fleet) -> str:
    """On how many machines each is the fastest, then all sets of data of each problem."""
    rows = standing_rows(fleet)
    if not rows:
        return ""
    title = "## On how many machines is each the fastest"
    explained = explain(fleet.machines[0].results)
    parts = ["# Machines", _WHY, explained, title, _STANDING, table(rows, STANDING_HEADERS)]
    for problem in fleet.problems:
        parts += [f"## {escape.markdown(problem)}", *_of_problem(fleet.of(problem))]
    return "\n\n".join(filter(None, [*parts, _LEGEND])) + "\n"


def standing_rows(fleet: Fleet) -> list[list[str]]:
    """Rows of `STANDING_HEADERS`: every implementation that is the fastest somewhere."""
    rows = [
        [
            each.problem,
            precision,
            each.implementation,
            f"{each.n_machines} of {each.of_machines}",
            f"{each.n_wins} of {each.of_data}",
            units.ratios([each.low, each.high]),
        ]
        for precision, tolerance in _PRECISIONS.items()
        for each in standings(wins_of(fleet, tolerance))
    ]
    return sorted(rows, key=lambda row: row[0])


def _of_problem(fleet: Fleet) -> Iterator[str]:
    baseline = baseline_of(fleet.machines[0].results)
    wins = {precision: wins_of(fleet, limit) for precision, limit in _PRECISIONS.items()}
    for precision, own in wins.items():
        if own:
            yield f"### Fastest, exact to {precision}, and speed-up over its machine's `{baseline}`"
            yield _fastest(own, fleet.names)
    yield f"### Speed-up over its machine's `{baseline}`, and fraction of its read roof"
    yield "**Bold**: the fastest on its machine, exact to float64 or exact to float32."
    values = [_values(machine) for machine in fleet.machines]
    best = [_best([*wins.values()], name) for name in fleet.names]
    for size in dict.fromkeys(size for own in wins.values() for _, size in own):
        yield _grid(size, fleet.names, values, best)


def _fastest(wins: Wins, names: Sequence[str]) -> str:
    """A row per set of data, a column per machine, and what most machines have in common."""
    body = [
        [escape.markdown(size), *(_won(own.get(name)) for name in names), _agreed(own)]
        for (_, size), own in wins.items()
    ]
    return table(body, ["", *map(escape.markdown, names), "on most machines"])


def _won(winner: Winner | None) -> str:
    """Name, speed-up, and the next if that is as fast."""
    if winner is None:
        return _NONE
    text = f"{escape.markdown(winner.row.implementation)} {units.ratio(winner.speed_up)}"
    if winner.next is None or not winner.is_even:
        return text
    return f"{text}, as fast: {escape.markdown(winner.next.implementation)}"


def _agreed(own: Mapping[str, Winner]) -> str:
    """``fused, 2 of 3``, or that no two machines have the same."""
    names, n = agreement(own)
    if n == 1 and len(own) > 1:
        return "all differ"
    each = " each" if len(names) > 1 else ""
    return f"{units.listed(map(escape.markdown, names))}, {n} of {len(own)}{each}"


def _best(wins: Sequence[Wins], machine: str) -> set[tuple[str, str]]:
    """Size and name of the fastest on a machine, of every precision."""
    return {
        (size, str(by_machine[machine].row.implementation))
        for each in wins
        for (_, size), by_machine in each.items()
        if machine in by_machine
    }


def _values(machine: Machine) -> _Values:
    """Speed-up and fraction of the roof of each cell, or why it has no time."""
    rows = machine.results[machine.results["solver"] == ""]
    found: dict[tuple[str, str], str] = {}
    for metric, show in (("speed_up", _speed_up), ("roof_fraction", _fraction)):
        for row in rows[rows["metric"] == metric].itertuples():
            place = data_of(row)[1], str(row.implementation)
            text = show(row)
            found[place] = ", ".join(filter(None, (found.get(place, ""), text)))
    return found


def _speed_up(row: Any) -> str:
    return units.ratio(row.value) if row.state == "ok" else str(row.state)


def _fraction(row: Any) -> str:
    return f"{row.value:.0%}" if row.state == "ok" else ""


def _grid(
    size: str,
    machines: Sequence[str],
    values: Sequence[_Values],
    best: Sequence[set[tuple[str, str]]],
) -> str:
    """A row per implementation that some machine has not skipped, a column per machine."""
    own = {name for each in values for at, name in each if at == size}
    body = []
    for name in sorted(own):
        texts = [each.get((size, name), _NONE) for each in values]
        if not {*texts} <= {"skipped", _NONE}:
            bold = ((size, name) in each for each in best)
            shown = [f"**{t}**" if b else t for t, b in zip(texts, bold, strict=True)]
            body.append([escape.markdown(name), *shown])
    return table(body, [escape.markdown(size), *map(escape.markdown, machines)])
