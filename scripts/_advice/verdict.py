"""Verdicts: what limits an implementation at a size, and what would help, in words."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from scripts._advice.cells import KEY
from scripts._common import units
from scripts._common.families import LOOP

_AT_ROOF = 0.7  # fraction of the read roof from which memory is what limits
_OVERHEAD = 2.0  # times the shortest call of the same implementation
_SHORT = 1e-4  # seconds; a call that is longer does more than being called
_SLOWER = 1.1  # more threads, in times that of one: runs of one setting differ by less
_ONE = 1.1  # processors that one thread keeps busy, with the noise of its measurement


@dataclass(frozen=True)
class Verdict:
    """What limits an implementation.

    Attributes
    ----------
    limit : str
        ``call overhead``, ``interpreter``, ``compute``, ``threads``, ``memory``, or a cache as
        ``L2 cache``.
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
    """The verdict on each cell of `cells_of`; None without a time or a size.

    `n_threads` is what the setting ``all`` stands for.
    """
    times = cells["time"].where(cells["state"] == "ok")
    own = times.groupby([cells[key] for key in ("problem", "implementation", "threads")])
    cells = cells.assign(shortest=own.transform("min"), n_times=own.transform("count"))
    cells["alone"] = _of_one_thread(cells)
    return [
        _judge(row, cache_bytes, n_threads if row.threads == "all" else int(row.threads))
        if row.state == "ok" and row.n_samples
        else None
        for row in cells.itertuples()
    ]


def _of_one_thread(cells: pd.DataFrame) -> pd.Series:
    """Time of the same implementation with one thread; infinite if that was not measured."""
    key = [name for name in KEY if name != "threads"]
    one = cells[(cells["threads"] == "1") & (cells["state"] == "ok")].set_index(key)["time"]
    found = one.reindex(pd.MultiIndex.from_frame(cells[key])).fillna(math.inf)
    return pd.Series(found.to_numpy(), cells.index)


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
    passes = int(row.passes) if str(row.passes).isdigit() else 0
    if passes > 1 and fraction * passes >= _AT_ROOF:
        why = f"X is read {passes} times, at {fraction * passes:.0%} of the read roof"
        return Verdict(level, why, _fewer_passes(row, passes))
    if fraction >= _AT_ROOF:
        return Verdict(level, share + ", in one pass" * (passes == 1), _fewer_bytes(row))
    most = [f"one pass instead of {passes}"] if passes > 1 else []
    most += [f"up to {units.ratio(1 / fraction, 2)} until the read roof"] if fraction > 0 else []
    if row.alone * _SLOWER <= row.time:
        why = f"{share}; {units.ratio(row.time / row.alone, 2)} the time of one thread"
        return Verdict("threads", why, "one thread")
    if n_threads > 1 and row.processors <= _ONE and row.time > _SHORT:
        why = f"{share}; one of {n_threads} threads works"
        return Verdict("compute", why, "; ".join(["threads", *most]))
    return Verdict("compute", share, "; ".join(most))


def _is_overhead(row: Any) -> bool:
    """Whether a call takes no longer than the shortest; a single size cannot tell."""
    short = row.time <= min(_OVERHEAD * row.shortest, _SHORT)
    return bool(row.n_times > 1 and short and not row.roof_fraction >= _AT_ROOF)


def _fewer_passes(row: Any, passes: int) -> str:
    most = min(passes, 1 / row.roof_fraction)
    if most <= 1:  # the other passes read from a cache
        return _fewer_bytes(row)
    return f"one pass instead of {passes}: up to {units.ratio(most, 2)} here"


def _fewer_bytes(row: Any) -> str:
    wide = row.bytes_per_value > 4
    return (
        "only fewer bytes: up to 2x with float32" if wide else "only fewer bytes or faster memory"
    )
