"""Cells of two sides from journals: ratios to the baseline, each in its own session."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

from benchmarks._session.inputs import Data
from benchmarks._session.journal import OK, Cell, Known, Source
from benchmarks._session.measured import BASELINE, TWIN, Measured
from benchmarks._session.statistics import band, medians
from scripts._compare.pair import UNCHANGED, Pair

Holds = Callable[[Source, Cell], bool]
Wanted = Callable[[Data, str], bool]
NOT_TOGETHER = "measured in different sessions; --fresh races them now"
_IS_BASELINE = "it is the baseline of the others; --fresh compares it with itself"
_NO_BASELINE = f"{BASELINE} has no time in the same session"


@dataclass(frozen=True)
class Stored:
    """A cell with its rounds and those of the baseline."""

    cell: Cell
    measured: Measured

    @property
    def over_baseline(self) -> tuple[float, ...]:
        """Median of each generation's ratios of its time to the baseline's."""
        return tuple(medians(*self.measured.ratios_by_generation(self.cell.name, BASELINE)))

    @property
    def band(self) -> float:
        """How far the baseline differs from its twin."""
        return band(self.measured.ratio(BASELINE, TWIN))

    @property
    def roof_fraction(self) -> float:
        """Its fraction of the read roof."""
        return self.measured.roof_fraction(self.cell.name).value


Cells = Mapping[tuple[Data, str], Stored]


def collect(
    journals: Iterable[tuple[Source, Known]], holds: Holds, wanted: Wanted
) -> dict[str, Cells]:
    """Cells by environment and by data and name.

    Of several cells that hold, the one of most generations is taken, and of those the last.

    Parameters
    ----------
    journals : iterable of (Source, Known)
        In any order.
    holds : callable
        Whether a cell of a source belongs to the side.
    wanted : callable
        Whether data and name take part.
    """
    found: dict[str, dict[tuple[Data, str], Stored]] = {}
    for source, known in journals:
        own = found.setdefault(source.environment, {})
        for (data, name), cells in known.cells.items():
            held = [cell for cell in cells if holds(source, cell)]
            if name == TWIN or data.pixels or not held or not wanted(data, name):
                continue
            best = max(reversed(held), key=lambda cell: cell.generations)
            before = own.get((data, name))
            if before is None or _worth(before.cell) < _worth(best):
                own[data, name] = Stored(best, _with_baseline(best, known))
    return {environment: cells for environment, cells in found.items() if cells}


def _worth(cell: Cell) -> tuple[int, float]:
    return cell.generations, cell.recorded_at


def common_environment(a: Mapping[str, Cells], b: Mapping[str, Cells]) -> tuple[str, str]:
    """The environments to compare: the same one, if both sides have one.

    Of several, the one where most cells were measured on each side, and then the one with most.
    """

    def n_cells(environment: str) -> tuple[int, int, str]:
        own, other = a[environment], b[environment]
        both = own.keys() & other.keys()
        n_apart = sum(not _is_same(own[place], other[place]) for place in both)
        return n_apart, len(both), environment

    if shared := a.keys() & b.keys():
        chosen = max(shared, key=n_cells)
        return chosen, chosen
    return max(a, key=lambda name: len(a[name])), max(b, key=lambda name: len(b[name]))


def pair_up(a: Cells, b: Cells) -> list[Pair]:
    """A pair for each cell that either side has."""
    places = sorted({*a, *b}, key=lambda place: (place[0].problem, place[1], _n_bytes(place[0])))
    return [_pair(*place, a.get(place), b.get(place)) for place in places]


def pair_implementations(cells: Cells, a: str, b: str) -> list[Pair]:
    """A pair for each set of data of two implementations, from rounds that they share."""
    all_data = dict.fromkeys(data for data, name in cells if name in (a, b))
    return [
        _pair_within(data, b, cells.get((data, a)), cells.get((data, b)))
        for data in sorted(all_data, key=lambda data: (data.problem, _n_bytes(data)))
    ]


def _with_baseline(cell: Cell, known: Known) -> Measured:
    own = known.last(cell.data, BASELINE, lambda other: other.measurement == cell.measurement)
    return known.measured([cell, *([own] if own and own is not cell else [])])


def _pair(data: Data, name: str, a: Stored | None, b: Stored | None) -> Pair:
    base = Pair(data.problem, name, data.title, _n_bytes(data))
    reason = _lacking("A", a) or _lacking("B", b)
    if reason or a is None or b is None:
        return replace(base, reason=reason)
    if _is_same(a, b):
        return replace(base, reason=UNCHANGED)
    base = replace(base, roof_fractions=(a.roof_fraction, b.roof_fraction))
    if name == BASELINE:
        return replace(base, reason=_IS_BASELINE)
    both = a.over_baseline, b.over_baseline
    if not all(both):
        return replace(base, reason=_NO_BASELINE)
    return replace(base, medians=both, band=max(a.band, b.band))


def _pair_within(data: Data, name: str, a: Stored | None, b: Stored | None) -> Pair:
    base = Pair(data.problem, name, data.title, _n_bytes(data))
    reason = _lacking("A", a) or _lacking("B", b)
    if reason or a is None or b is None:
        return replace(base, reason=reason)
    if not _is_same(a, b):
        return replace(base, reason=NOT_TOGETHER)
    ratios = medians(*a.measured.ratios_by_generation(b.cell.name, a.cell.name))
    fractions = a.roof_fraction, b.roof_fraction
    return replace(base, medians=(tuple(ratios),), band=a.band, roof_fractions=fractions)


def _is_same(a: Stored, b: Stored) -> bool:
    """Whether both are of one measurement."""
    return a.cell.measurement == b.cell.measurement


def _lacking(side: str, stored: Stored | None) -> str:
    """Why a side has no time; empty if it has."""
    if stored is None:
        return f"{side} has not measured it"
    cell = stored.cell
    return "" if cell.state == OK else f"{side}: {cell.state}: {cell.reason}".rstrip(": ")


def _n_bytes(data: Data) -> int:
    return 8 * data.n_samples * data.n_features
