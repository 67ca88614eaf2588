"""All against all in paired rounds: time and speed-up at each size, then ours against libraries."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from benchmarks._session.measured import TWIN
from benchmarks._session.statistics import LEAST_ROUNDS, Estimate, geometric_mean
from scripts._common import escape, units
from scripts._common.metrics import BASELINE
from scripts._race.result import DTYPES, Race, Result
from scripts._tables._rows import table

_HEADERS = ["", "data", "peer", "time", f"speed-up over {BASELINE}", "of the roof"]
_WIDTHS = {8: "float64", 4: "float32", 2: "16 bits", 1: "8 bits"}

_LEGEND = (
    "Each contender runs in its own process, on the same data with the same number of threads. In "
    "each round every contender is timed once, in a new random order. The processes are started "
    "anew for each generation. Time: median over the rounds. Speed-up: median of the rounds' "
    "ratios, with its 95 % interval, which covers what differs between generations from three of "
    "them on. Of the roof: "
    "compulsory traffic / time / bandwidth of a pure threaded read of as many bytes as X has, in "
    "the same round. X read once at the roof: the speed-up over "
    f"{BASELINE} if reading values of this size took all the time. Peer: the library that you "
    "would use instead."
)


def render(race: Race) -> str:
    """Explain the columns, then a table per size, then the outcome over all sizes."""
    tables = map(size_table, race.results)
    overall = overall_table(race)
    return "\n\n".join([f"# {escape.markdown(race.title)}", _LEGEND, *tables, overall, "---"])


def size_table(result: Result) -> str:
    """Table of one size, the winner, ours against the fastest peer, and reasons for absences."""
    rounds = f", {result.n_rounds} rounds" if result.n_rounds else ""
    parts = [f"## {escape.markdown(result.title)}, X of {units.n_bytes(result.x_bytes)}{rounds}"]
    if result.ranking():
        parts += [_ranking(result), "\n".join(map(escape.markdown, _outcome(result)))]
    notes = [*result.measured.notes, *_casting(result)]
    parts += [f"Note: {escape.markdown(note)}." for note in notes]
    if 0 < result.n_rounds < LEAST_ROUNDS:
        parts.append(f"Note: no intervals: those need {LEAST_ROUNDS} rounds.")
    if missing := _missing(result):
        parts.append("\n".join(missing))
    return "\n\n".join(parts)


def overall_table(race: Race) -> str:
    """Wins over the fastest peer, the geometric mean of the advantages, and libraries not raced."""
    widths = race.settings.widths
    lines = [f"- {DTYPES[width]}: {_overall(race.results, width)}" for width in widths]
    if race.absent:
        absent = escape.markdown(" ".join(race.absent))
        lines.append(f"\nNot installed here, and so not raced: pip install {absent}")
    return "\n".join(["## Ours against the fastest peer, over all sizes\n", *lines])


def race_records(result: Result) -> list[dict[str, Any]]:
    """A record per contender, including those that were not raced."""
    n_samples, n_features = result.measured.shape
    base = {"problem": result.measured.problem, "n_samples": n_samples, "n_features": n_features}
    raced = [base | _record(result, name) for name in [*result.ranking(), *_twin(result)]]
    out = result.measured.out.items()
    lost = [{"contender": name, "state": o.state, "reason": o.reason} for name, o in out]
    return raced + [base | record for record in lost]


def _twin(result: Result) -> list[str]:
    return [TWIN] if TWIN in result.measured.timed else []


def _ranking(result: Result) -> str:
    rows = []
    for name in result.ranking():
        info, roof = _info(result, name), result.measured.roof_fraction(name).value
        rows.append(
            [
                name,
                _WIDTHS.get(result.measured.width(name), "?"),
                info["peer"],
                units.seconds(result.measured.time(name).value),
                _text(result.measured.speed_up(name)),
                f"{roof:.2f}" if math.isfinite(roof) else units.NO_VALUE,
            ]
        )
    return table(rows, _HEADERS, n_left=3)


def _info(result: Result, name: str) -> dict[str, Any]:
    return result.measured.infos[name]


def _outcome(result: Result) -> list[str]:
    winner = result.ranking()[0]
    lines = [f"Fastest: {winner}, {_text(result.measured.speed_up(winner))} over {BASELINE}."]
    if math.isfinite(result.twin().value):
        lines.append(f"By chance: {BASELINE} is {_text(result.twin())} over its own twin.")
    for width, dtype in DTYPES.items():
        if rivals := result.rivals(width):
            ours, peer = rivals
            library = _info(result, peer)["peer"]
            text = _text(result.advantage(width))
            lines.append(f"{dtype}: our fastest, {ours}, is {text} over {library}'s {peer}.")
        limit = result.measured.roof_speed_up(width)
        if math.isfinite(limit.value):
            lines.append(
                f"{dtype}: X read once at the roof would be {_text(limit)} over {BASELINE}."
            )
    return lines


def _casting(result: Result) -> list[str]:
    """Which contenders cast an X that is not of float64."""
    if result.dtype == np.float64 or not result.ranking():
        return []
    taken, cast = map(", ".join, result.casting())
    told = [f"{cast} cast it to float64 in prepare" if cast else ""]
    told += [f"{taken} take it as it is" if taken else ""]
    return [f"X is of {result.dtype.name}: {'; '.join(filter(None, told))}"]


def _missing(result: Result) -> list[str]:
    """A line for each contender that is not in the table, with the reason."""
    out = sorted(result.measured.out.items())
    return [
        f"- {escape.markdown(f'{name}: {_why(each.state, each.reason)}')}" for name, each in out
    ]


def _why(state: str, reason: str) -> str:
    """State and reason, or the reason alone if it begins with the state."""
    return reason if reason.startswith(state) else f"{state}: {reason}"


def _overall(results: Sequence[Result], width: int) -> str:
    found = [r.advantage(width) for r in results if r.rivals(width)]
    if not found:
        return "no size with one of ours and a peer"
    wins = sum(each.value > 1 for each in found)
    clear = sum(each.low > 1 for each in found)
    lost = sum(each.high < 1 for each in found)
    mean = units.ratio(geometric_mean([each.value for each in found]))
    return (
        f"our fastest beats the fastest library in {wins} of {len(found)} sizes (the interval is "
        f"above 1x in {clear}, below in {lost}); geometric mean {mean}"
    )


def _record(result: Result, name: str) -> dict[str, Any]:
    measured, info = result.measured, _info(result, name)
    width = measured.width(name)
    speed_up = measured.speed_up(name)
    return {
        "contender": name,
        "state": "twin" if name == TWIN else "ok",
        "reason": "",
        "peer": info["peer"],
        "bytes_per_value": width,
        "rounds": len(measured.seconds(name)),
        "seconds": measured.time(name).value,
        "speed_up": speed_up.value,
        "speed_up_low": speed_up.low,
        "speed_up_high": speed_up.high,
        "roof_fraction": measured.roof_fraction(name).value,
        "roof_speed_up": measured.roof_speed_up(width).value,
        "processors": measured.processors(name).value,
    }


def _text(estimate: Estimate) -> str:
    """``2.13x [2.01, 2.20]``, or the median alone if there is no interval."""
    if math.isnan(estimate.low):
        return units.ratio(estimate.value)
    ends = (units.ratio(end).removesuffix("x") for end in (estimate.low, estimate.high))
    return f"{units.ratio(estimate.value)} [{', '.join(ends)}]"
