"""What a race gave for one size, and the figures that are derived from it."""

from __future__ import annotations

from dataclasses import dataclass, field
from statistics import median
from typing import Any

from impls import _table
from scripts._common.fastest import EXACT, PROMISED, SINGLE
from scripts._common.metrics import BASELINE
from scripts._common.process import Out
from scripts._race.statistics import Estimate, estimate, ratio

DTYPES = {8: "float64", 4: "float32"}
_MOVES_ALONE = "{}, moves alone"
# An implementation with 1 or 2 bytes per value is compared with those that it is as exact as.
_EXACT_ENOUGH = {8: PROMISED[EXACT], 4: PROMISED[SINGLE]}


@dataclass(frozen=True)
class RaceSettings:
    """What is raced and how."""

    problem: str
    contenders: tuple[str, ...]
    widths: tuple[int, ...]  # bytes per value: 8 for float64, 4 for float32
    threads: int
    rounds: int
    pixels: bool
    moves: bool = False


@dataclass
class Result:
    """What a race of one size gave.

    Attributes
    ----------
    infos : dict[str, dict]
        Options of each contender that was loaded: bytes_per_value, peer, rtol.
    seconds, roofs : dict[str, list[float]], dict[int, list[float]]
        Of every round: time of one gradient; bytes per second of a pure read, by the bytes per
        value that it stands for.
    moves : dict[str, list[float]]
        As `seconds`, of contenders without their arithmetic, by what they are called then.
    out : dict[str, Out]
        Who was not raced to the end, and why.
    notes : list[str]
        What was done otherwise than asked.
    """

    problem: str
    n_samples: int
    n_features: int
    infos: dict[str, dict[str, Any]] = field(default_factory=dict)
    seconds: dict[str, list[float]] = field(default_factory=dict)
    roofs: dict[int, list[float]] = field(default_factory=dict)
    moves: dict[str, list[float]] = field(default_factory=dict)
    out: dict[str, Out] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    @staticmethod
    def name_moves(name: str) -> str:
        """What a contender is called without its arithmetic."""
        return _MOVES_ALONE.format(name)

    @property
    def x_bytes(self) -> int:
        """Size of X in float64."""
        return 8 * self.n_samples * self.n_features

    @property
    def n_rounds(self) -> int:
        """Rounds that were raced."""
        return max(map(len, self.seconds.values()), default=0)

    def ranking(self) -> list[str]:
        """Names from the fastest to the slowest, by the median time."""
        return sorted(self.seconds, key=lambda name: median(self.seconds[name]))

    def times(self, name: str) -> list[float]:
        """Seconds of every round, of a contender as it is or without its arithmetic."""
        return self.seconds[name] if name in self.seconds else self.moves[name]

    def speed_up(self, name: str) -> Estimate:
        """Of a contender over the baseline; NaN where that was not raced."""
        if BASELINE not in self.seconds:
            return estimate([])
        return ratio(self.seconds[BASELINE], self.times(name))

    def roof_fraction(self, name: str) -> Estimate:
        """Least bytes that must move, over the time, over the roof of the round."""
        width = self.infos[name]["bytes_per_value"]
        if width not in self.roofs:
            return estimate([])
        return ratio(self._roof_seconds(width), self.times(name))

    def roof_speed_up(self, width: int) -> Estimate:
        """Over the baseline, of the least bytes that must move at the speed of a pure read of X.

        It is the most that reading X once allows, in values of `width` bytes.
        """
        if BASELINE not in self.seconds or width not in self.roofs:
            return estimate([])
        return ratio(self.seconds[BASELINE], self._roof_seconds(width))

    def _roof_seconds(self, width: int) -> list[float]:
        """Of the rounds: the least bytes that must move, at the speed of a pure read of X."""
        problem = _table.problem_module(self.problem)
        n_bytes = problem.compulsory_bytes(self.n_samples, self.n_features, width)
        return [n_bytes / roof for roof in self.roofs[width]]

    def comparable(self, width: int) -> list[str]:
        """Who is compared in the precision of `width` bytes, from the fastest to the slowest."""
        return [name for name in self.ranking() if self._is_comparable(name, width)]

    def rivals(self, width: int) -> tuple[str, str] | None:
        """Our fastest and the fastest peer in the precision of `width` bytes."""
        names = self.comparable(width)
        ours = next((name for name in names if not self.infos[name]["peer"]), None)
        peer = next((name for name in names if self.infos[name]["peer"]), None)
        return (ours, peer) if ours and peer else None

    def advantage(self, width: int) -> Estimate:
        """Speed-up of our fastest over the fastest peer; NaN where one is missing."""
        rivals = self.rivals(width)
        if rivals is None:
            return estimate([])
        return ratio(self.seconds[rivals[1]], self.seconds[rivals[0]])

    def _is_comparable(self, name: str, width: int) -> bool:
        own, rtol = self.infos[name]["bytes_per_value"], self.infos[name]["rtol"]
        return bool(own == width or (own < 4 and rtol <= _EXACT_ENOUGH[width]))


@dataclass(frozen=True)
class Race:
    """Results of all sizes, from small to large, and what was raced."""

    settings: RaceSettings
    results: tuple[Result, ...]

    @property
    def title(self) -> str:
        """The problem, the threads and the kind of data."""
        threads = f"{self.settings.threads} thread{'s' * (self.settings.threads > 1)}"
        pixels = ", X of pixels" * self.settings.pixels
        return f"Race of {self.settings.problem}, {threads}{pixels}"
