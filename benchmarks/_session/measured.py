"""The outcome of a session on one set of data: rounds, costs, faults, and what they amount to."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from benchmarks._session.inputs import Data
from benchmarks._session.process import Out
from benchmarks._session.statistics import Estimate, estimate
from impls import _table

BASELINE = "matrix"
# The baseline a second time, in a process of its own: what differs from it by chance.
TWIN = f"{BASELINE}, twin"


@dataclass(frozen=True)
class Round:
    """One sample of each contender.

    Attributes
    ----------
    generation : int
        Of processes: each has its own pages and compiled code.
    seconds : dict[str, float]
        Seconds per gradient, by contender.
    roofs : dict[int, float]
        Bytes per second of a pure read, by bytes per value.
    processors : dict[str, float]
        CPU time / wall time of the sample.
    """

    generation: int
    seconds: dict[str, float]
    roofs: dict[int, float]
    processors: dict[str, float]


@dataclass
class Measured:
    """All that is known of one set of data.

    Attributes
    ----------
    shape : tuple of int
        n_samples and n_features.
    infos : dict[str, dict]
        What each contender says of itself: bytes_per_value, passes, peer, limited, rtol; and on
        these data the width of its X, and whether it has cast X to float64 first.
    costs : dict[str, dict]
        What does not vary from round to round: error, workspace, peak, prepare, prepared.
    rounds : list of Round
    out : dict[str, Out]
        Contenders without a time, and why.
    reasons : dict[str, dict[str, str]]
        Why a contender with a time lacks a metric, by contender and metric.
    flags : dict[str, str]
        Contenders whose time is there but not to be trusted, and why.
    notes : list[str]
        What was done differently from what was asked for.
    """

    data: Data
    shape: tuple[int, int] = (0, 0)
    infos: dict[str, dict[str, Any]] = field(default_factory=dict)
    costs: dict[str, dict[str, float]] = field(default_factory=dict)
    rounds: list[Round] = field(default_factory=list)
    out: dict[str, Out] = field(default_factory=dict)
    reasons: dict[str, dict[str, str]] = field(default_factory=dict)
    flags: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    @property
    def problem(self) -> str:
        """Name of the problem."""
        return self.data.problem

    @property
    def x_bytes(self) -> int:
        """Size of X in float64."""
        return 8 * self.shape[0] * self.shape[1]

    @property
    def timed(self) -> list[str]:
        """Contenders with a time, twins included."""
        names = dict.fromkeys(name for each in self.rounds for name in each.seconds)
        return [name for name in names if name not in self.out]

    def seconds(self, name: str) -> list[float]:
        """Seconds per gradient in every round."""
        return [each.seconds[name] for each in self.rounds if name in each.seconds]

    def time(self, name: str) -> Estimate:
        """Seconds per gradient."""
        return self._estimate(lambda each: each.seconds[name], [name])

    def processors(self, name: str) -> Estimate:
        """CPU time / wall time of the samples."""
        return self._estimate(lambda each: each.processors.get(name, math.nan), [name])

    def ratio(self, over: str, under: str) -> Estimate:
        """Time of one contender / time of another in the same round."""
        return self._estimate(lambda each: each.seconds[over] / each.seconds[under], [over, under])

    def ratios(self, over: str, under: str) -> list[float]:
        """What `ratio` is the median of."""
        rounds = (each.seconds for each in self.rounds if {over, under} <= each.seconds.keys())
        return [seconds[over] / seconds[under] for seconds in rounds]

    def ratios_by_generation(self, over: str, under: str) -> tuple[list[float], list[int]]:
        """`ratios`, and the generation of each."""
        rounds = [each for each in self.rounds if {over, under} <= each.seconds.keys()]
        return self.ratios(over, under), [each.generation for each in rounds]

    def speed_up(self, name: str) -> Estimate:
        """Speed-up over the baseline; NaN if that has no time."""
        return self.ratio(BASELINE, name)

    def roof(self, width: int) -> Estimate:
        """Bytes per second of a pure read of X with values of `width` bytes."""
        return self._estimate(lambda each: each.roofs.get(width, math.nan), [])

    def roof_fraction(self, name: str) -> Estimate:
        """Compulsory traffic / time / read roof of the same round."""
        width = self.width(name)
        n_bytes = self.compulsory_bytes(width)
        return self._estimate(
            lambda each: n_bytes / each.seconds[name] / each.roofs.get(width, math.nan), [name]
        )

    def roof_speed_up(self, width: int) -> Estimate:
        """Highest speed-up over the baseline that reading X once allows.

        The compulsory traffic with values of `width` bytes, at the read roof.
        """
        n_bytes = self.compulsory_bytes(width)
        return self._estimate(
            lambda each: each.seconds[BASELINE] * each.roofs.get(width, math.nan) / n_bytes,
            [BASELINE],
        )

    def width(self, name: str) -> int:
        """Bytes per value of the X that a contender has prepared; as it states before that."""
        info = self.infos[name]
        return int(info.get("width", info["bytes_per_value"]))

    def compulsory_bytes(self, width: int) -> int:
        """Least bytes that a gradient must move with values of `width` bytes."""
        return int(_table.problem_module(self.problem).compulsory_bytes(*self.shape, width))

    def _estimate(self, value: Callable[[Round], float], names: Iterable[str]) -> Estimate:
        """Estimate over the rounds in which all of `names` have a time."""
        if any(name in self.out for name in names):
            return estimate([])
        own = [each for each in self.rounds if all(name in each.seconds for name in names)]
        pairs = [(value(each), each.generation) for each in own]
        pairs = [(number, each) for number, each in pairs if not math.isnan(number)]
        return estimate([number for number, _ in pairs], [each for _, each in pairs])
