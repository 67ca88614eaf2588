"""The ranking of implementations by cost, and in words why each has its rank."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from scripts._common import units
from scripts._common.baseline import paying_calls
from scripts._common.families import LIBRARY
from scripts._common.metrics import BASELINE


@dataclass(frozen=True)
class Choice:
    """An implementation, and what it is expected to take.

    Attributes
    ----------
    seconds, low, high : float
        Of one gradient, and the ends of the interval; NaN without one.
    speed_up : float
        Over the baseline; NaN if that is not known.
    prepare : float
        Seconds of the preparation.
    workspace : float
        Bytes that one call allocates.
    error : float
    family : str
        See `scripts._common.families`.
    bytes_per_value : float
    flag : str
        Why the time is not to be trusted; empty if it is.
    reason : str
        Why it has its rank.
    """

    implementation: str
    seconds: float
    low: float
    high: float
    speed_up: float
    prepare: float
    workspace: float
    error: float
    family: str
    bytes_per_value: float
    flag: str = ""
    reason: str = ""

    def cost(self, calls: int | None) -> float:
        """Seconds of a gradient with its part of the preparation; without it if None."""
        return self.seconds + (self.prepare / calls if calls else 0.0)

    @property
    def simplicity(self) -> tuple[bool, float, str]:
        """What decides a tie: the lesser wins."""
        room = math.inf if math.isnan(self.workspace) else self.workspace
        return self.family == LIBRARY, room, self.implementation


def rank(
    choices: Iterable[Choice], band: float, calls: int | None, chance: float = math.nan
) -> tuple[Choice, ...]:
    """The choices with their reasons, the best first.

    Parameters
    ----------
    band : float
        Who costs up to so much more than the cheapest, relative, ties with it.
    calls : int, optional
        Of the gradient, on the same data; None: preparation does not count.
    chance : float
        By how much equal implementations differ; NaN if that is not known. A larger difference than
        `band` that is no larger than this decides the order, and is told as chance.
    """
    own = sorted(choices, key=lambda each: (each.cost(calls), each.implementation))
    if not own:
        return ()
    most = own[0].cost(calls) * (1 + band)
    ties = [each for each in own if each.cost(calls) <= most]
    ranking = sorted(ties, key=lambda each: each.simplicity) + own[len(ties) :]
    reasons = (_reason(each, ranking, ties, calls, chance) for each in ranking)
    return tuple(replace(each, reason=why) for each, why in zip(ranking, reasons, strict=True))


def _reason(
    choice: Choice,
    ranking: Sequence[Choice],
    ties: Sequence[Choice],
    calls: int | None,
    chance: float,
) -> str:
    first, cheapest = ranking[0], ties[0]
    over = choice.cost(calls) / cheapest.cost(calls) - 1
    if choice is first:
        text = "fastest" if first is cheapest else _tie(cheapest, over, _simpler(first, cheapest))
        return text + ("" if calls else _pays_over_baseline(choice, ranking))
    if choice is cheapest:
        lead = first.cost(calls) / choice.cost(calls) - 1
        return f"{lead:.1%} faster than {first.implementation}, which is a tie"
    if choice in ties:
        return _tie(cheapest, over)
    times = units.ratio(choice.cost(calls) / first.cost(calls), 2)
    counted = "time and preparation" if calls else "time"
    within = ", within chance" if over <= chance else ""
    return f"{times} the {counted} of {first.implementation}{within}{_pays_later(choice, first)}"


def _tie(other: Choice, over: float, why: str = "") -> str:
    return f"a tie with {other.implementation} within {over:.1%}{why}"


def _simpler(choice: Choice, other: Choice) -> str:
    """Why the one is preferred to the other."""
    if other.family == LIBRARY != choice.family:
        return ", needs no further library"
    return ", allocates less" if choice.simplicity[1] < other.simplicity[1] else ""


def _pays_over_baseline(choice: Choice, ranking: Iterable[Choice]) -> str:
    base = next((each for each in ranking if each.implementation == BASELINE), choice)
    calls = break_even(choice, base)
    return f", pays over {BASELINE} from {calls:,} calls on" if calls > 1 else ""


def _pays_later(choice: Choice, first: Choice) -> str:
    calls = break_even(choice, first)
    return f", pays from {calls:,} calls on" if calls > 1 else ""


def break_even(choice: Choice, other: Choice) -> int:
    """Calls from which on a choice costs less than another; 0 if it never does."""
    gain, more = other.seconds - choice.seconds, choice.prepare - other.prepare
    if not gain > 0 or math.isnan(more):
        return 0
    return max(1, int(paying_calls(more, gain)))
