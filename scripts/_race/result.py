"""The result of a race, and what is derived from it: rankings, and ours against libraries."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks._session.crew import Settings
from benchmarks._session.measured import BASELINE, TWIN, Measured
from benchmarks._session.statistics import Estimate
from scripts._common.fastest import EXACT, PROMISED, SINGLE

_FLOAT64 = np.dtype(np.float64)
DTYPES = {8: "float64", 4: "float32"}
# An implementation with 1 or 2 bytes per value competes in a precision if its tolerance is at most
# this.
_EXACT_ENOUGH = {8: PROMISED[EXACT], 4: PROMISED[SINGLE]}


@dataclass(frozen=True)
class Result:
    """One size: what a session has measured.

    Attributes
    ----------
    dtype : dtype
        Of X, as contenders are given it.
    """

    measured: Measured
    dtype: np.dtype[Any] = _FLOAT64

    @property
    def title(self) -> str:
        """``1,000 x 100``."""
        return self.measured.data.title

    @property
    def x_bytes(self) -> int:
        """Size of X, as contenders are given it."""
        return self.dtype.itemsize * math.prod(self.measured.shape)

    def casting(self) -> tuple[list[str], list[str]]:
        """Who prepares X as it is, and who casts it to float64 first, of those with a time."""
        casts = {name: self.measured.infos[name].get("casts", False) for name in self.ranking()}
        taken, cast = ([n for n in sorted(casts) if casts[n] == each] for each in (False, True))
        return taken, cast

    @property
    def n_rounds(self) -> int:
        """Number of finished rounds."""
        return len(self.measured.rounds)

    def ranking(self) -> list[str]:
        """Names by median time, fastest first; without the twin."""
        names = [name for name in self.measured.timed if name != TWIN]
        return sorted(names, key=lambda name: self.measured.time(name).value)

    def comparable(self, width: int) -> list[str]:
        """Names that are compared in the precision of `width` bytes, fastest first."""
        return [name for name in self.ranking() if self._is_comparable(name, width)]

    def rivals(self, width: int) -> tuple[str, str] | None:
        """Our fastest and the fastest library in the precision of `width` bytes."""
        names = self.comparable(width)
        infos = self.measured.infos
        ours = next((name for name in names if not infos[name]["peer"]), None)
        peer = next((name for name in names if infos[name]["peer"]), None)
        return (ours, peer) if ours and peer else None

    def advantage(self, width: int) -> Estimate:
        """Speed-up of our fastest over the fastest library; NaN if either is missing."""
        rivals = self.rivals(width)
        if rivals is None:
            return Estimate(math.nan, math.nan, math.nan)
        return self.measured.ratio(rivals[1], rivals[0])

    def twin(self) -> Estimate:
        """The baseline over its own twin: what differs by chance alone."""
        return self.measured.ratio(BASELINE, TWIN)

    def _is_comparable(self, name: str, width: int) -> bool:
        info = self.measured.infos[name]
        own, rtol = info["bytes_per_value"], info["rtol"]
        return bool(own == width or (own < 4 and rtol <= _EXACT_ENOUGH[width]))


@dataclass(frozen=True)
class Race:
    """A race's settings, its results from the smallest X to the largest, and who was absent.

    Attributes
    ----------
    absent : tuple of str
        Packages that contenders need and that are not installed.
    """

    settings: Settings
    results: tuple[Result, ...]
    absent: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """Heading with the problem, the threads and the kind of data."""
        threads = f"{self.settings.threads} thread{'s' * (self.settings.threads > 1)}"
        is_pixels = any(result.measured.data.pixels for result in self.results)
        cold = ", caches evicted before each call" * self.settings.flush
        return f"Race of {self.settings.problem}, {threads}{', X of pixels' * is_pixels}{cold}"
