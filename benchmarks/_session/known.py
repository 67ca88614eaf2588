"""The contents of a journal: cells and rounds, and what an interrupt has cut off."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from benchmarks._session.cell import OK, Begun, Cell, Source
from benchmarks._session.inputs import Data
from benchmarks._session.measured import BASELINE, TWIN, Measured, Round
from benchmarks._session.process import Out
from impls._files import FORMAT


@dataclass
class Known:
    """The contents of a journal.

    Attributes
    ----------
    source : Source or None
    facts : dict or None
        The last ones.
    format : int
        Of the lines; above `FORMAT` if a newer version has written them.
    recorded_at : float
        Of the last cell.
    cells : dict
        Cells by data and name, in the order of their lines.
    rounds : dict
        Rounds by measurement and data.
    digests : dict[str, str]
        Digest of the state by measurement.
    finished : dict
        Rounds until a generation had finished, by measurement, data, name and number of
        generations. One that an interrupt has cut in two has rounds of two generations of
        processes.
    """

    source: Source | None = None
    facts: dict[str, Any] | None = None
    format: int = FORMAT
    recorded_at: float = 0.0
    cells: dict[tuple[Data, str], list[Cell]] = field(default_factory=dict)
    rounds: dict[tuple[str, Data], list[Round]] = field(default_factory=dict)
    digests: dict[str, str] = field(default_factory=dict)
    finished: dict[tuple[str, Data, str, int], int] = field(default_factory=dict)

    def last(self, data: Data, name: str, holds: Callable[[Cell], bool]) -> Cell | None:
        """The last cell for which `holds` is true."""
        cells = reversed(self.cells.get((data, name), []))
        return next((cell for cell in cells if holds(cell)), None)

    def measured(self, cells: Iterable[Cell]) -> Measured:
        """These cells of one measurement, with its rounds."""
        cells = list(cells)
        first = cells[0]
        measured = Measured(first.data, first.shape)
        measured.rounds = self.rounds.get((first.measurement, first.data), [])
        for cell in cells:
            measured.infos[cell.name] = cell.info
            measured.costs[cell.name] = cell.costs
            if cell.state != OK:
                measured.out[cell.name] = Out(cell.state, cell.reason)
            if cell.flag:
                measured.flags[cell.name] = cell.flag
        return measured

    def begun(self, data: Data, names: Iterable[str], digest: str) -> Begun | None:
        """The last measurement of these contenders that an interrupt has cut off, if any."""
        ids = [key for key, other in self.rounds if other == data and self.digests[key] == digest]
        wanted = set(names)
        for measurement in reversed(ids):
            cells = self._cells_of(measurement, data)
            if not cells or wanted <= cells.keys():
                return self._begun(measurement, data, wanted, cells)
        return None

    def _begun(
        self, measurement: str, data: Data, names: set[str], cells: dict[str, Cell]
    ) -> Begun:
        rounds = self.rounds[measurement, data]
        n_done = min((cells[name].generations for name in names if cells), default=0)
        ends = [self.finished.get((measurement, data, name, n_done), 0) for name in names]
        after = rounds[max(ends, default=0) :]
        n_left = sum(not names.isdisjoint(each.seconds) for each in after)  # without others' rounds
        last = max(each.generation for each in rounds)
        kept = [cell for name, cell in cells.items() if name in (*names, BASELINE, TWIN)]
        return Begun(measurement, n_done, n_left, last + 1, kept)

    def _cells_of(self, measurement: str, data: Data) -> dict[str, Cell]:
        """The last cell of each contender of a measurement."""
        own = (cells for (other, _), cells in self.cells.items() if other == data)
        found = (cell for cells in own for cell in cells if cell.measurement == measurement)
        return {cell.name: cell for cell in found}
