"""A trial of the advice: random shapes, and how near the advised one comes to the best there."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from random import Random

from benchmarks._session.measured import Measured
from scripts._advice.advice import Advice
from scripts._advice.mesh import OUTSIDE, Mesh, Size
from scripts._common import units

NEAR = 1.1  # times the best that count as near
_MOST_DRAWS = 1000  # for each shape
_HOPELESS = 10.0  # times the best that is expected: not measured


@dataclass(frozen=True)
class Trial:
    """What a shape's own session has shown.

    Attributes
    ----------
    ratio : float
        Time of the advised one over that of the best, in the same rounds; NaN if it has none.
    """

    title: str
    advised: str
    best: str
    ratio: float


def draw_shapes(mesh: Mesh, count: int, seed: int) -> list[Size]:
    """Different shapes inside the mesh, uniform in the logarithms; fewer if it holds no more."""
    source = Random(seed)
    samples, features = ([size[axis] for size in mesh.sizes] for axis in (0, 1))
    found: dict[Size, None] = {}
    for _ in range(_MOST_DRAWS * count):
        size = _draw(source, samples), _draw(source, features)
        if mesh.place(*size).kind != OUTSIDE:
            found[size] = None
        if len(found) == count:
            break
    return list(found)


def _draw(source: Random, numbers: Sequence[int]) -> int:
    return round(10 ** source.uniform(math.log10(min(numbers)), math.log10(max(numbers))))


def missing(wanted: int, drawn: int, advised: int) -> list[str]:
    """Lines: how many of the shapes that were wanted are not tried, and why."""
    lost = {
        "the measured sizes enclose no more": wanted - drawn,
        "nothing can be advised there": drawn - advised,
    }
    return [
        f"{count} of {wanted} shapes not tried: {reason}" for reason, count in lost.items() if count
    ]


def contenders(advice: Advice) -> tuple[str, ...]:
    """The choices that may be the best."""
    most = _HOPELESS * min(choice.seconds for choice in advice.choices)
    return tuple(each.implementation for each in advice.choices if each.seconds <= most)


def judge(names: Sequence[str], measured: Measured) -> Trial:
    """How near the first of the names comes to the best of them."""
    advised, title = names[0], measured.data.title
    timed = [name for name in names if name in measured.timed]
    if advised not in timed:
        return Trial(title, advised, "", math.nan)
    best = max(timed, key=lambda name: measured.ratio(advised, name).value)
    return Trial(title, advised, best, measured.ratio(advised, best).value)


def summary(trials: Iterable[Trial]) -> list[str]:
    """Lines: the share that is near, the worst, and those that are not near."""
    known = [trial for trial in trials if not math.isnan(trial.ratio)]
    untimed = [trial for trial in trials if math.isnan(trial.ratio)]
    lines = [f"{trial.advised} has no time at {trial.title}" for trial in untimed]
    if not known:
        return [*lines, "No shape could be measured."]
    known.sort(key=lambda trial: -trial.ratio)
    far = [trial for trial in known if trial.ratio > NEAR]
    n_near = len(known) - len(far)
    return [
        *lines,
        *(
            f"{each.title}: {each.advised} takes {units.ratio(each.ratio)} the time of {each.best}"
            for each in far
        ),
        f"The advised one is within {NEAR - 1:.0%} of the best at {n_near} of {len(known)} shapes "
        f"({n_near / len(known):.1%}); the worst takes {units.ratio(known[0].ratio)} its time.",
    ]
