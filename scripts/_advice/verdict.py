"""Verdicts: what limits an implementation at a size, and what would help, in words."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from scripts._common import units
from scripts._common.families import LOOP

_AT_ROOF = 0.7  # fraction of the read roof from which memory is what limits
_OVERHEAD = 2.0  # times the shortest call of the same implementation
_SHORT = 1e-4  # seconds; a call that is longer does more than being called
_ONE = 1.1  # processors that one thread keeps busy, with the noise of its measurement


@dataclass(frozen=True)
class Verdict:
    """What limits an implementation.

    Attributes
    ----------
    limit : str
        ``call overhead``, ``interpreter``, ``compute``, ``memory``, or a cache as ``L2 cache``.
    why : str
        The figures that say so.
    help : str
        What would help, and by how much at most; empty if nothing is known to.
    """

    limit: str
    why: str
    help: str


def verdicts(
    cells: pd.DataFrame, cache_bytes: Mapping[int, int], n_threads: int
) -> list[Verdict | None]:
    """The verdict on each cell of `cells_of`; None without a time or a size."""
    ok = cells["state"] == "ok"
    group = ["problem", "implementation", "threads"]
    shortest = cells["time"].where(ok).groupby([cells[key] for key in group]).transform("min")
    rows = cells.assign(shortest=shortest).itertuples()
    return [
        _judge(row, cache_bytes, n_threads) if row.state == "ok" and row.n_samples else None
        for row in rows
    ]


def level_of(n_bytes: float, cache_bytes: Mapping[int, int]) -> str:
    """Where data of this size lie: ``L1 cache`` to ``memory``."""
    holding = [level for level, size in sorted(cache_bytes.items()) if n_bytes <= size]
    return f"L{holding[0]} cache" if holding else "memory"


def _judge(row: Any, cache_bytes: Mapping[int, int], n_threads: int) -> Verdict:
    level = level_of(row.compulsory_bytes, cache_bytes)
    fraction = row.roof_fraction
    share = f"{fraction:.0%} of the read roof" if math.isfinite(fraction) else "no roof measured"
    if row.family == LOOP:
        return Verdict(
            "interpreter", "Python runs a step for each row", "compiled or whole-array code"
        )
    if _is_overhead(row):
        return Verdict(
            "call overhead",
            f"its shortest call takes {units.seconds(row.shortest)}, whatever the size",
            "fewer and larger calls",
        )
    if fraction >= _AT_ROOF:
        return Verdict(level, f"{share}, in one pass", _fewer_bytes(row))
    passes = int(row.passes) if str(row.passes).isdigit() else 1
    if passes > 1 and fraction * passes >= _AT_ROOF:
        most = min(passes, 1 / fraction)
        return Verdict(
            level,
            f"X is read {passes} times, at {fraction * passes:.0%} of the read roof",
            f"one pass instead of {passes}: up to {units.ratio(most, 2)} here",
        )
    most = f"up to {units.ratio(1 / fraction, 2)} until the read roof" if fraction > 0 else ""
    if n_threads > 1 and row.processors <= _ONE and row.time > _SHORT:
        return Verdict("compute", f"{share}; one of {n_threads} threads works", f"threads; {most}")
    return Verdict("compute", share, most)


def _is_overhead(row: Any) -> bool:
    short = row.time <= min(_OVERHEAD * row.shortest, _SHORT)
    return bool(short and not row.roof_fraction >= _AT_ROOF)


def _fewer_bytes(row: Any) -> str:
    wide = row.bytes_per_value > 4
    return (
        "only fewer bytes: up to 2x with float32" if wide else "only fewer bytes or faster memory"
    )
