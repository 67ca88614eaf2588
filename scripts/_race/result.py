"""The result of a race, and what is derived from it: speed-ups, roof fractions, rankings."""

from __future__ import annotations

from dataclasses import dataclass, field
from statistics import median
from typing import Any

from impls import _table
from scripts._common.errors import Out
from scripts._common.metrics import BASELINE
from scripts._race.statistics import Estimate, estimate, ratio

DTYPES = {8: "float64", 4: "float32"}
_MOVES_ALONE = "{}, moves alone"
# An implementation with 1 or 2 bytes per value competes in a precision if its tolerance is at most
# this.
_EXACT_ENOUGH = {8: 1e-9, 4: 1e-4}


@dataclass(frozen=True)
class RaceSettings:
    """Contenders and settings of a race."""

    problem: str
    contenders: tuple[str, ...]
    widths: tuple[int, ...]  # bytes per value: 8 for float64, 4 for float32
    threads: int
    rounds: int
    pixels: bool
    moves: bool = False


@dataclass
class Result:
    """Result of one size.

    Attributes
    ----------
    infos : dict[str, dict]
        Options of each contender that was loaded: bytes_per_value, peer, rtol.
    seconds : dict[str, list[float]]
        Seconds per gradient in every round, by contender.
    roofs : dict[int, list[float]]
        Bytes per second of a pure read in every round, by bytes per value.
    moves : dict[str, list[float]]
        As `seconds`, for loads and stores without arithmetic; the keys are from `name_moves`.
    out : dict[str, Out]
        Contenders that left the race, and why.
    notes : list[str]
        What was done differently from what was asked for.
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
        """Name of a contender's loads and stores without its arithmetic."""
        return _MOVES_ALONE.format(name)

    @property
    def x_bytes(self) -> int:
        """Size of X in float64."""
        return 8 * self.n_samples * self.n_features

    @property
    def n_rounds(self) -> int:
        """Number of finished rounds."""
        return max(map(len, self.seconds.values()), default=0)

    def ranking(self) -> list[str]:
        """Names by median time, fastest first."""
        return sorted(self.seconds, key=lambda name: median(self.seconds[name]))

    def times(self, name: str) -> list[float]:
        """Seconds in every round of a contender, or of its loads and stores alone."""
        return self.seconds[name] if name in self.seconds else self.moves[name]

    def speed_up(self, name: str) -> Estimate:
        """Speed-up over the baseline; NaN if that was not raced."""
        if BASELINE not in self.seconds:
            return estimate([])
        return ratio(self.seconds[BASELINE], self.times(name))

    def roof_fraction(self, name: str) -> Estimate:
        """Compulsory traffic / time / read roof of the same round."""
        width = self.infos[name]["bytes_per_value"]
        if width not in self.roofs:
            return estimate([])
        return ratio(self._roof_seconds(width), self.times(name))

    def roof_speed_up(self, width: int) -> Estimate:
        """Highest speed-up over the baseline that reading X once allows.

        The compulsory traffic with values of `width` bytes, at the read roof.
        """
        if BASELINE not in self.seconds or width not in self.roofs:
            return estimate([])
        return ratio(self.seconds[BASELINE], self._roof_seconds(width))

    def _roof_seconds(self, width: int) -> list[float]:
        """Seconds in every round that the compulsory traffic takes at the read roof."""
        problem = _table.problem_module(self.problem)
        n_bytes = problem.compulsory_bytes(self.n_samples, self.n_features, width)
        return [n_bytes / roof for roof in self.roofs[width]]

    def comparable(self, width: int) -> list[str]:
        """Names that are compared in the precision of `width` bytes, fastest first."""
        return [name for name in self.ranking() if self._is_comparable(name, width)]

    def rivals(self, width: int) -> tuple[str, str] | None:
        """Our fastest and the fastest library in the precision of `width` bytes."""
        names = self.comparable(width)
        ours = next((name for name in names if not self.infos[name]["peer"]), None)
        peer = next((name for name in names if self.infos[name]["peer"]), None)
        return (ours, peer) if ours and peer else None

    def advantage(self, width: int) -> Estimate:
        """Speed-up of our fastest over the fastest library; NaN if either is missing."""
        rivals = self.rivals(width)
        if rivals is None:
            return estimate([])
        return ratio(self.seconds[rivals[1]], self.seconds[rivals[0]])

    def _is_comparable(self, name: str, width: int) -> bool:
        own, rtol = self.infos[name]["bytes_per_value"], self.infos[name]["rtol"]
        return bool(own == width or (own < 4 and rtol <= _EXACT_ENOUGH[width]))


@dataclass(frozen=True)
class Race:
    """A race's settings, and its results from the smallest X to the largest."""

    settings: RaceSettings
    results: tuple[Result, ...]

    @property
    def title(self) -> str:
        """Heading with the problem, the threads and the kind of data."""
        threads = f"{self.settings.threads} thread{'s' * (self.settings.threads > 1)}"
        pixels = ", X of pixels" * self.settings.pixels
        return f"Race of {self.settings.problem}, {threads}{pixels}"
