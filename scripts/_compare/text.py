"""A comparison as Markdown, as rows and as JSON."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from tabulate import tabulate

from benchmarks._session.statistics import LEAST_GENERATIONS, Estimate
from scripts._common import units
from scripts._common.finite import finite
from scripts._compare.comparison import (
    FASTER,
    FEW_GENERATIONS,
    NO_CHANGE,
    NOT_COMPARABLE,
    SLOWER,
    Comparison,
    Verdict,
)

WORDS = (SLOWER, FASTER, NO_CHANGE, NOT_COMPARABLE)
_HEADERS = ["", "cell", "data", "B / A", "interval", "equal ones differ by"]
_ALIGN = ["left", "left", "left", "right", "right", "right"]
# Lines of a summary that fits a pull request's comment.
_MOST_CHANGES, _MOST_MEANS, _MOST_REASONS, _MOST_NOTES = 12, 8, 5, 6
_MARKDOWN = str.maketrans(
    {sign: f"\\{sign}" for sign in "\\`*[]!|"}
    | {"<": "&lt;", ">": "&gt;", "&": "&amp;", "@": "&#64;", "\n": " "}
)


def summary(comparison: Comparison) -> str:
    """Changes, counts, reasons and means: everything but the cells that have not changed."""
    parts = [_headline(comparison), _changes(comparison.changes), _counts(comparison)]
    parts += [_means(comparison), _notes(comparison.notes)]
    return "\n\n".join(filter(None, parts))


def comment(comparison: Comparison) -> str:
    """A summary of less than 60 lines, with folded details, for a pull request."""
    comparison = _escape(comparison)
    changes = comparison.changes
    folded = [
        _counts(comparison, _MOST_REASONS),
        _means(comparison, _MOST_MEANS),
        _notes(comparison.notes[:_MOST_NOTES]),
        _more(len(comparison.notes) - _MOST_NOTES, "notes"),
    ]
    parts = [
        f"### {comparison.title}",
        _headline(comparison),
        _changes(changes[:_MOST_CHANGES]),
        _more(len(changes) - _MOST_CHANGES, "changes"),
        "<details><summary>Counts, means, notes</summary>",
        *folded,
        "</details>",
    ]
    return "\n\n".join(filter(None, parts))


def page(comparison: Comparison, picture: str, footer: str) -> str:
    """The whole comparison: the summary, the figure and a table of all cells."""
    comparison = _escape(comparison)
    parts = [f"# {comparison.title}", summary(comparison)]
    parts += [f"![Ratio of each cell with its interval]({picture})"] if picture else []
    parts += ["## All cells", _table(comparison.verdicts, with_roofs=True), "---"]
    return "\n\n".join([*parts, footer.replace("\n", "  \n")]) + "\n"


def records(verdicts: Iterable[Verdict]) -> list[dict[str, Any]]:
    """A flat record per cell, in the order of the verdicts; None for what is no finite number."""
    return [finite(_record(each)) for each in verdicts]


def as_json(comparison: Comparison) -> dict[str, Any]:
    """One object; null for numbers that are not finite."""
    return {
        "a": comparison.a,
        "b": comparison.b,
        "quantity": comparison.quantity,
        "counts": {word: len(comparison.called(word)) for word in WORDS},
        "comparisons": comparison.n_judged,
        "resolution": finite(comparison.resolution),
        "geometric_means": {name: finite(mean) for name, (mean, _) in comparison.means.items()},
        "notes": list(comparison.notes),
        "cells": records(comparison.verdicts),
    }


def _record(each: Verdict) -> dict[str, Any]:
    return {
        "problem": each.pair.problem,
        "implementation": each.pair.implementation,
        "data": each.pair.data,
        "verdict": each.word,
        "ratio": each.ratio.value,
        "low": each.ratio.low,
        "high": each.ratio.high,
        "band": each.pair.band,
        "generations": each.pair.n_generations,
        "roof_fraction_a": each.pair.roof_fractions[0],
        "roof_fraction_b": each.pair.roof_fractions[1],
        "reason": each.reason,
    }


def _headline(comparison: Comparison) -> str:
    """What the ratios are, and how many cells have changed, or why none can be judged."""
    what = f"{comparison.quantity}: below 1x, B is faster."
    if comparison.n_judged:
        return f"{what} {_found(comparison)}"
    if len(comparison.called(NO_CHANGE)) == len(comparison.verdicts):
        return f"{what} No file that an implementation depends on differs."
    ((reason, _),) = comparison.reasons.most_common(1)
    if reason != FEW_GENERATIONS:
        return f"{what} Nothing can be called a change. Most often, {reason}."
    return (
        f"{what} Nothing is called a change: no cell has {LEAST_GENERATIONS} generations of "
        f"processes on both sides, which tell chance from a change. {comparison.advice}"
    )


def _found(comparison: Comparison) -> str:
    slower, faster = (len(comparison.called(word)) for word in (SLOWER, FASTER))
    found = f"Cells compared: {comparison.n_judged}; slower: {slower}; faster: {faster}."
    if math.isnan(comparison.resolution):
        return found
    least = units.ratio(1 + comparison.resolution)
    return f"{found} A ratio of {least} would be found in half of them."


def _changes(verdicts: Sequence[Verdict]) -> str:
    return _table(verdicts) if verdicts else ""


def _table(verdicts: Sequence[Verdict], with_roofs: bool = False) -> str:
    roofs = ["of the roof, A", "B", "reason"] if with_roofs else []
    rows = [_row(each) + (_extra(each) if with_roofs else []) for each in verdicts]
    align = [*_ALIGN, *(["right", "right", "left"] if with_roofs else [])]
    headers = [*_HEADERS, *roofs]
    return tabulate(rows, headers, tablefmt="github", colalign=align, disable_numparse=True)


def _row(verdict: Verdict) -> list[str]:
    pair = verdict.pair
    chance = f"{pair.band:.1%}" if math.isfinite(pair.band) else units.NO_VALUE
    name = verdict.name
    ratio = units.ratio(verdict.ratio.value)
    return [verdict.word, name, pair.data, ratio, _interval(verdict.ratio), chance]


def _extra(verdict: Verdict) -> list[str]:
    fractions = verdict.pair.roof_fractions
    texts = [f"{each:.2f}" if math.isfinite(each) else units.NO_VALUE for each in fractions]
    return [*texts, verdict.reason]


def _interval(ratio: Estimate) -> str:
    if math.isnan(ratio.low):
        return units.NO_VALUE
    ends = (units.ratio(end).removesuffix("x") for end in (ratio.low, ratio.high))
    return f"[{', '.join(ends)}]"


def _counts(comparison: Comparison, most: int | None = None) -> str:
    lines = [f"- {word}: {len(comparison.called(word))}" for word in WORDS]
    reasons = comparison.reasons.most_common(most)
    lines += [f"  - {number}: {reason}" for reason, number in reasons]
    rest = len(comparison.reasons) - len(reasons)
    return "\n".join([*lines, *([f"  - {rest} more reasons"] if rest else [])])


def _means(comparison: Comparison, most: int | None = None) -> str:
    """Geometric means, those farthest from 1 first."""
    means = sorted(comparison.means.items(), key=lambda item: -abs(math.log(item[1][0])))
    if not means:
        return ""
    rows = [[name, units.ratio(mean), number] for name, (mean, number) in means[:most]]
    headers = ["implementation", "geometric mean of B / A", "cells"]
    align = ["left", "right", "right"]
    table = tabulate(rows, headers, tablefmt="github", colalign=align, disable_numparse=True)
    more = _more(len(means) - (most or len(means)), "implementations")
    return "\n\n".join(filter(None, [table, more]))


def _notes(notes: Sequence[str]) -> str:
    return "\n".join(f"- {note}" for note in notes)


def _more(number: int, what: str) -> str:
    return f"{number} more {what}: --out writes them all." if number > 0 else ""


def _escape(comparison: Comparison) -> Comparison:
    """The comparison with texts that Markdown shows as they are: they come from files."""
    texts = {key: _escaped(getattr(comparison, key)) for key in ("a", "b")}
    verdicts = tuple(_escape_verdict(each) for each in comparison.verdicts)
    return replace(
        comparison, **texts, notes=tuple(map(_escaped, comparison.notes)), verdicts=verdicts
    )


def _escape_verdict(verdict: Verdict) -> Verdict:
    pair = replace(
        verdict.pair,
        problem=_escaped(verdict.pair.problem),
        implementation=_escaped(verdict.pair.implementation),
        data=_escaped(verdict.pair.data),
        reason=_escaped(verdict.pair.reason),
    )
    return replace(verdict, pair=pair, reason=_escaped(verdict.reason))


def _escaped(text: str) -> str:
    return text.translate(_MARKDOWN)
