"""An advice as text for people, and as plain data."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import Any

from tabulate import tabulate

from scripts._advice.advice import Advice, Question
from scripts._advice.mesh import MEASURED, OUTSIDE, Size
from scripts._advice.ranking import Choice
from scripts._common import units
from scripts._common.chance import MOST_BAND
from scripts._common.fastest import SINGLE
from scripts._common.finite import finite
from scripts._common.metrics import BASELINE

_SHOWN = 5
_HEADERS = (
    *("implementation", "expected time", "interval", f"speed-up over {BASELINE}"),
    *("workspace", "error", "why"),
)


def title(size: Size) -> str:
    """``1,000 x 100``."""
    return f"{size[0]:,} x {size[1]:,}"


def text_of(advice: Advice, question: Question, command: str) -> str:
    """The first choices, how they are known, and the command that measures the very size."""
    shown = advice.choices[:_SHOWN]
    rows = [_row(choice) for choice in shown]
    lines = [tabulate(rows, _HEADERS, disable_numparse=True), "", _source(advice)]
    lines += _notes(advice, question, shown)
    if advice.kind != MEASURED:
        lines.append(f"To measure this very size: {command}")
    return "\n".join(lines)


def record_of(advice: Advice, question: Question) -> dict[str, Any]:
    """All of it as plain data; None where there is no value."""
    own: dict[str, Any] = finite(
        {
            "n_samples": question.n_samples,
            "n_features": question.n_features,
            "dtype": question.dtype,
            "max_error": question.max_error,
            "max_workspace": question.max_workspace,
            "calls": question.calls,
            "libraries": question.libraries,
            **asdict(advice),
        }
    )
    return own


def _row(choice: Choice) -> tuple[str, ...]:
    known = not math.isnan(choice.low)
    return (
        choice.implementation + " *" * bool(choice.flag),
        units.seconds(choice.seconds),
        f"{units.seconds(choice.low)} to {units.seconds(choice.high)}" if known else "",
        units.ratio(choice.speed_up),
        units.NO_VALUE if math.isnan(choice.workspace) else units.n_bytes(choice.workspace),
        units.error(choice.error),
        choice.reason,
    )


def _source(advice: Advice) -> str:
    """How it is known."""
    sizes = units.listed(map(title, advice.sizes))
    if advice.kind == MEASURED:
        return f"Measured at {sizes}."
    if advice.kind == OUTSIDE:
        return (
            f"Extrapolated from {sizes}, {units.ratio(advice.factor, 2)} away: beyond what was "
            "measured, times are taken to grow with n_samples x n_features, and not to shrink."
        )
    return f"Interpolated between the measured sizes {sizes}."


def _notes(advice: Advice, question: Question, shown: Iterable[Choice]) -> Iterator[str]:
    yield _tie(advice)
    n_more, n_out = max(0, len(advice.choices) - _SHOWN), len(advice.left_out)
    if n_more or n_out:
        yield f"{n_more} more are not shown and {n_out} are left out; --json says why."
    for choice in shown:
        if choice.flag:
            yield f"* {choice.implementation}: {choice.flag}"
    if advice.rougher:
        gain = advice.choices[0].cost(question.calls) / advice.rougher.cost(question.calls)
        yield (
            f"To 7 digits: {advice.rougher.implementation}, {units.ratio(gain, 2)} as fast "
            f"(--max-error {SINGLE:g})"
        )


def _tie(advice: Advice) -> str:
    """What counts as a tie, and whether chance is the reason."""
    if math.isnan(advice.chance):
        return (
            f"Times within {advice.band:.1%} of each other are taken for a tie: what chance does "
            "is not known here."
        )
    limit = f"; a larger difference than {MOST_BAND:.0%} is never taken for a tie"
    return (
        f"Times within {advice.band:.1%} of each other are a tie: equal implementations differ by "
        f"up to {advice.chance:.1%} here{limit if advice.chance > MOST_BAND else ''}."
    )
