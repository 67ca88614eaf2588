"""Results of several machines: who is fastest on each, and on how many machines each is."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from scripts._common.fastest import Winner, data_of, winners
from scripts._common.problems import by_cells
from scripts._common.records import Facts

Data = tuple[str, str]  # problem, and size or name of real data
Wins = Mapping[Data, Mapping[str, Winner]]  # by data, and by machine


@dataclass(frozen=True, eq=False)
class Machine:
    """A machine's results, all of one setting of threads.

    Attributes
    ----------
    name : str
        Its label, which no other machine of the report has.
    """

    name: str
    results: pd.DataFrame
    facts: Facts

    @property
    def title(self) -> str:
        """Name, processor and threads."""
        return f"{self.name}: {self.hardware}"

    @property
    def hardware(self) -> str:
        """Processor and threads."""
        n = self.facts.n_threads
        return f"{self.facts.cpu}, {n} thread{'s' * (n > 1)}"


@dataclass(frozen=True, eq=False)
class Fleet:
    """Machines whose ratios can be compared; their times cannot.

    Attributes
    ----------
    command, date : str
        What has put them together, and when.
    files : str
        Title of the files that all values hold for.
    """

    machines: tuple[Machine, ...]
    command: str
    date: str
    files: str

    @property
    def names(self) -> list[str]:
        """Of the machines, in their order."""
        return [machine.name for machine in self.machines]

    @property
    def problems(self) -> list[str]:
        """That any of the machines has results of."""
        return by_cells(str(p) for m in self.machines for p in m.results["problem"])

    @property
    def footer(self) -> str:
        """Two lines of provenance for the foot of a figure or a table."""
        machines = " · ".join(machine.title for machine in self.machines)
        return f"{self.command} · {self.files} · {self.date}\n{machines}"

    def of(self, problem: str) -> Fleet:
        """The machines with the results of one problem."""
        own = (
            replace(m, results=m.results[m.results["problem"] == problem]) for m in self.machines
        )
        return replace(self, machines=tuple(own))


@dataclass(frozen=True)
class Standing:
    """How an implementation does on all machines.

    Attributes
    ----------
    n_machines, of_machines : int
        On how many it is the fastest on most sets of data, and how many have any.
    n_wins, of_data : int
        How many sets of data it is the fastest on, over all machines, and how many there are.
    low, high : float
        Its least and largest speed-up there, each over the baseline of its own machine.
    """

    problem: str
    implementation: str
    n_machines: int
    of_machines: int
    n_wins: int
    of_data: int
    low: float
    high: float


def wins_of(fleet: Fleet, tolerance: float) -> Wins:
    """The fastest within the tolerance on each set of data and machine, smaller data first."""
    found: dict[Data, dict[str, Winner]] = {}
    order: dict[Data, tuple[Any, ...]] = {}
    for machine in fleet.machines:
        for winner in winners(machine.results, tolerance):
            data = data_of(winner.row)
            found.setdefault(data, {})[machine.name] = winner
            order[data] = _order(winner.row)
    return {data: found[data] for data in sorted(found, key=lambda data: order[data])}


def standings(wins: Wins) -> list[Standing]:
    """Every implementation that is the fastest somewhere, by problem, the best first."""
    problems = dict.fromkeys(problem for problem, _ in wins)
    return [each for problem in problems for each in _standings(problem, wins)]


def agreement(own: Mapping[str, Winner]) -> tuple[list[str], int]:
    """The implementations that are the fastest on most machines, and on how many each is."""
    names = [str(winner.row.implementation) for winner in own.values()]
    most = max(map(names.count, names))
    return sorted({name for name in names if names.count(name) == most}), most


def _order(row: Any) -> tuple[Any, ...]:
    """Real data come after what is drawn."""
    if row.dataset:
        return row.problem, 1, 0, 0, row.dataset
    return row.problem, 0, row.n_features, row.n_samples, ""


def _standings(problem: str, wins: Wins) -> Iterator[Standing]:
    pairs = [
        (machine, winner)
        for (own, _), of_data in wins.items()
        for machine, winner in of_data.items()
        if own == problem
    ]
    names = pd.Series([str(winner.row.implementation) for _, winner in pairs]).value_counts()
    leaders = _leaders(pairs)
    found = [
        Standing(
            problem,
            str(name),
            sum(name in own for own in leaders.values()),
            len(leaders),
            int(n),
            len(pairs),
            *_range(w.speed_up for _, w in pairs if w.row.implementation == name),
        )
        for name, n in names.items()
    ]
    yield from sorted(found, key=lambda s: (-s.n_machines, -s.n_wins, s.implementation))


def _leaders(pairs: Iterable[tuple[str, Winner]]) -> dict[str, set[str]]:
    """By machine, what is the fastest on most sets of data there; several if they are even."""
    counts: dict[str, dict[str, int]] = {}
    for machine, winner in pairs:
        own = counts.setdefault(machine, {})
        own[winner.row.implementation] = own.get(winner.row.implementation, 0) + 1
    return {
        machine: {name for name, n in own.items() if n == max(own.values())}
        for machine, own in counts.items()
    }


def _range(values: Iterable[float]) -> tuple[float, float]:
    known = [value for value in values if math.isfinite(value)]
    return (min(known), max(known)) if known else (math.nan, math.nan)
