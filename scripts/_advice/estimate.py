"""Estimates for a shape, from what was measured at the sizes around it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from scripts._advice.mesh import OUTSIDE, Mesh, Place, Size
from scripts._advice.ranking import Choice

Known = Mapping[tuple[str, Size], Any]  # rows of `cells_of` by implementation and size
_LEAST_SECONDS, _LEAST_BYTES = 1e-9, 1.0  # logarithms of 0 have no mean


def known_of(cells: pd.DataFrame) -> Known:
    """Rows by implementation and size; one with a time replaces one without."""
    ordered = cells.sort_values("state", key=lambda state: state == "ok", kind="stable")
    return {(r.implementation, (r.n_samples, r.n_features)): r for r in ordered.itertuples()}


class Estimator:
    """What implementations are expected to take on one shape.

    Outside of the measured sizes times, preparation and workspace are those of the nearest point
    of the hull, times the ratio of the sizes of X if that is over 1.
    """

    def __init__(self, known: Known, mesh: Mesh, n_samples: int, n_features: int) -> None:
        self.place = mesh.place(n_samples, n_features)
        self.sizes = tuple(mesh.sizes[corner] for corner in self.place.corners)
        self._known = known
        self._growth = _growth(self.place, self.sizes, n_samples * n_features)

    def rows(self, name: str) -> list[Any]:
        """What is known of an implementation at the corners; None where nothing is."""
        return [self._known.get((name, size)) for size in self.sizes]

    def lacking(self, name: str) -> str:
        """Why there is no estimate: the first corner without a time; empty if there is one."""
        for row, (n, d) in zip(self.rows(name), self.sizes, strict=True):
            if row is None:
                return f"not measured at {n:,} x {d:,}"
            if row.state != "ok" or math.isnan(row.time):
                return f"{row.state} at {n:,} x {d:,}: {row.reason}"
        return ""

    def estimate(self, name: str) -> Choice:
        """The estimate of an implementation that lacks nothing."""
        rows = self.rows(name)

        def between(column: str, least: float = 0.0) -> float:
            return _between([getattr(row, column) for row in rows], self.place.shares, least)

        return Choice(
            implementation=name,
            seconds=between("time") * self._growth,
            low=between("time_low") * self._growth,
            high=between("time_high") * self._growth,
            speed_up=between("speed_up"),
            prepare=between("prepare", _LEAST_SECONDS) * self._growth,
            workspace=between("workspace", _LEAST_BYTES) * self._growth,
            error=max(row.worst if math.isnan(row.error) else row.error for row in rows),
            family=rows[0].family,
            bytes_per_value=rows[0].bytes_per_value,
            flag=next((row.flag for row in rows if row.flag), ""),
        )


def _growth(place: Place, sizes: Sequence[Size], n_values: int) -> float:
    if place.kind != OUTSIDE:
        return 1.0
    logs = [math.log10(n) + math.log10(d) for n, d in sizes]
    nearest = sum(share * log for share, log in zip(place.shares, logs, strict=True))
    return max(1.0, float(10 ** (math.log10(n_values) - nearest)))


def _between(values: Sequence[float], shares: Sequence[float], least: float) -> float:
    """The mean of the logarithms; values below `least` count as that."""
    if len(values) == 1:
        return values[0]
    if any(map(math.isnan, values)):
        return math.nan
    logs = [math.log10(max(value, least)) for value in values]
    mean = sum(share * log for share, log in zip(shares, logs, strict=True))
    return min(max(10**mean, min(values)), max(values))
