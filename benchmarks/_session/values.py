"""Values of a cell by metric: what the report, asv's pages and the race show alike."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from statistics import fmean

from benchmarks._session.journal import OK, Cell
from benchmarks._session.measured import BASELINE, TWIN, Measured
from benchmarks._session.statistics import LEAST_GENERATIONS, Estimate, medians

# States of values by the word that a contender left with.
_STATES = {
    "refused": "skipped",
    "unavailable": "skipped",
    "lacks memory": "skipped",
    "died": "failed",
    "too many threads": "too fast",
}
# States that an implementation is to be mended for.
FAULTS = ("wrong", "failed", "too fast")
# Metrics of every cell; costs of trainings come besides these.
METRICS = (
    *("time", "time_mean", "time_p90", "time_over_baseline", "speed_up", "error", "workspace"),
    *("peak", "prepare", "prepared", "break_even", "read_roof", "roof_fraction", "processors"),
)
# Mean over median, and ends of the interval of two equal contenders, of a steady time.
_MOST_MEAN, _MOST_CHANCE = 1.5, 1.05
_NO_PEAK = "this system cannot tell the peak of one call"


@dataclass(frozen=True)
class Value:
    """A value with its interval, or why there is none.

    Attributes
    ----------
    state : str
        ``ok``, ``skipped``, ``failed``, ``wrong``, ``too fast`` or ``missing``.
    samples : tuple of float
        For asv's statistics; empty for what does not vary. The medians of the generations of
        processes, because rounds of one share what was drawn once per process. With fewer than
        `LEAST_GENERATIONS`, the rounds: asv compares what has a single sample without statistics.
    """

    value: float = math.nan
    low: float = math.nan
    high: float = math.nan
    state: str = OK
    reason: str = ""
    samples: tuple[float, ...] = ()


def state_of(word: str) -> str:
    """State of values by the word of an `Out`, or of a cell."""
    return _STATES.get(word, word)


def values_of(cell: Cell, measured: Measured) -> dict[str, Value]:
    """Values by metric; those of a training by ``metric/solver``.

    `measured` holds the cell and the baseline of the same measurement. A wrong gradient has an
    error and nothing else.
    """
    trained = dict.fromkeys([*cell.costs, *cell.reasons])
    names = dict.fromkeys([*METRICS, *(name for name in trained if "/" in name)])
    if cell.name == BASELINE:
        names |= {"chance": None}
    if cell.state != OK:
        gone = Value(state=state_of(cell.state), reason=cell.reason)
        found = dict.fromkeys(names, gone)
        if "error" in cell.costs and math.isfinite(cell.costs["error"]):
            found["error"] = Value(cell.costs["error"])
        return found
    return {name: _value(name, cell, measured) for name in names}


def flag_of(cell: Cell, measured: Measured) -> str:
    """Why a time is not to be trusted; empty if it is."""
    if cell.state != OK or not measured.seconds(cell.name):
        return ""
    flags = [cell.flag] if cell.flag else []
    median, mean = measured.time(cell.name).value, fmean(measured.seconds(cell.name))
    if mean > _MOST_MEAN * median:
        flags.append(
            f"the mean is {mean / median:.1f} times the median: other work, or threads that wait "
            "for each other"
        )
    if cell.costs.get("openmp", 0) > 1:
        flags.append("two OpenMP runtimes in its process take processors from each other")
    chance = measured.ratio(BASELINE, TWIN)
    off = max(chance.low, 1 / chance.high if chance.high else math.nan) > _MOST_CHANCE
    if off and cell.name == BASELINE:
        flags.append(
            f"it takes {chance.value:.2f} times as long as its own twin: speed-ups on these data "
            "are as uncertain"
        )
    return "; ".join(flags)


def _value(metric: str, cell: Cell, measured: Measured) -> Value:
    if metric in cell.costs:
        return Value(cell.costs[metric])
    if metric in cell.reasons:
        return Value(state="skipped", reason=cell.reasons[metric])
    if metric in _RATES:
        return _estimated(*_RATES[metric](cell.name, measured))
    if metric == "break_even":
        return _break_even(cell, measured)
    if metric == "peak":
        return Value(state="skipped", reason=_NO_PEAK)
    return Value(state="missing", reason="not measured")


def _estimated(found: Estimate, samples: list[float]) -> Value:
    if math.isnan(found.value):
        return Value(state="missing", reason=f"{BASELINE} has no time here")
    return Value(found.value, found.low, found.high, samples=tuple(samples))


def _break_even(cell: Cell, measured: Measured) -> Value:
    """Calls from which preparation and gradients together take less than the baseline's."""
    own, base = measured.time(cell.name).value, measured.time(BASELINE).value
    both = cell.costs, measured.costs.get(BASELINE, {})
    costs = [each.get("prepare", math.nan) for each in both]
    if not own < base:
        return Value(state="skipped", reason=f"it is not faster than {BASELINE}")
    calls = (costs[0] - costs[1]) / (base - own)
    if not math.isfinite(calls):
        return Value(state="missing")
    return Value(max(0.0, math.floor(calls) + 1.0))


def _times(measured: Measured, name: str) -> list[float]:
    generations = [each.generation for each in measured.rounds if name in each.seconds]
    return _samples(measured.seconds(name), generations)


def _samples(values: list[float], generations: list[int]) -> list[float]:
    enough = len(set(generations)) >= LEAST_GENERATIONS
    return medians(values, generations) if enough else values


def _mean(name: str, measured: Measured) -> tuple[Estimate, list[float]]:
    seconds = measured.seconds(name)
    return Estimate(fmean(seconds) if seconds else math.nan, math.nan, math.nan), []


def _p90(name: str, measured: Measured) -> tuple[Estimate, list[float]]:
    """Value that 90 % of the rounds do not exceed."""
    ordered = sorted(measured.seconds(name))
    last = ordered[math.ceil(0.9 * len(ordered)) - 1] if ordered else math.nan
    return Estimate(last, math.nan, math.nan), []


def _read_roof(name: str, measured: Measured) -> tuple[Estimate, list[float]]:
    found = measured.roof(measured.width(name))
    return Estimate(found.value / 1e9, found.low / 1e9, found.high / 1e9), []


_RATES: dict[str, Callable[[str, Measured], tuple[Estimate, list[float]]]] = {
    "time": lambda name, found: (found.time(name), _times(found, name)),
    "time_mean": _mean,
    "time_p90": _p90,
    "time_over_baseline": lambda name, found: (
        found.ratio(name, BASELINE),
        _samples(*found.ratios_by_generation(name, BASELINE)),
    ),
    "chance": lambda _, found: (found.ratio(BASELINE, TWIN), []),
    "speed_up": lambda name, found: (found.speed_up(name), []),
    "read_roof": _read_roof,
    "roof_fraction": lambda name, found: (found.roof_fraction(name), []),
    "processors": lambda name, found: (found.processors(name), []),
}
